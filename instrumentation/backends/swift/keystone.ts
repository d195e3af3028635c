import { AgentError } from "../../core/error.ts";
import { isJsonObject, member, parseJsonObject, textMember } from "../../core/json.ts";
import type { JsonObject } from "../../core/json.ts";
import { Secret } from "../../core/secret.ts";
import { needed } from "./auth-version.ts";
import type { LoginVersion, Variable } from "./auth-version.ts";
import { parseServerTime } from "../object-store/server-time.ts";

const TYPE = { "content-type": "application/json", accept: "application/json" };

/** Source: Identity API v2.0, "Authenticate". */
export const keystone2: LoginVersion = {
  request(address, variable, where) {
    const tenantId = variable("OS_TENANT_ID");
    const tenantName = variable("OS_TENANT_NAME", "OS_PROJECT_NAME");
    const auth = {
      passwordCredentials: {
        username: needed(variable, where, "OS_USERNAME"),
        password: needed(variable, where, "OS_PASSWORD"),
      },
      ...(tenantId === undefined ? tenantName !== undefined && { tenantName } : { tenantId }),
    };
    return post(`${address}/tokens`, { auth });
  },
  access(response, region, what) {
    const access = member(parseJsonObject(response.body), "access");
    const token = member(access, "token");
    const id = textMember(token, "id");
    if (id === undefined) throw new AgentError("other", `${what}: the response has no token`);
    const endpoints = endpointsOf(access["serviceCatalog"]);
    const url = chosen(endpoints, region, what, ({ publicURL }) => publicURL);
    return { token: new Secret(id), url, expiresAt: parseServerTime(token["expires"]) };
  },
};

/** Source: Identity API v3, "Password authentication", "Authenticating with an application credential". */
export const keystone3: LoginVersion = {
  request(address, variable, where) {
    const identity = applicationCredential(variable, where) ?? password(variable, where);
    const scope = "application_credential" in identity ? undefined : scopeOf(variable);
    return post(`${address}/auth/tokens`, { auth: { identity, ...(scope && { scope }) } });
  },
  access(response, region, what) {
    const id = response.headers["x-subject-token"] ?? "";
    if (id === "") throw new AgentError("other", `${what}: the response has no token`);
    const token = member(parseJsonObject(response.body), "token");
    const endpoints = endpointsOf(token["catalog"]);
    const url = chosen(endpoints, region, what, (endpoint) =>
      endpoint["interface"] === "public" ? endpoint["url"] : undefined,
    );
    return { token: new Secret(id), url, expiresAt: parseServerTime(token["expires_at"]) };
  },
};

function post(url: string, body: JsonObject): ReturnType<LoginVersion["request"]> {
  return {
    method: "POST",
    url: new URL(url),
    headers: TYPE,
    body: Buffer.from(JSON.stringify(body)),
  };
}

/** A domain or project by its id, else by its name. */
function named(id: string | undefined, name: string | undefined): JsonObject | undefined {
  if (id !== undefined) return { id };
  return name === undefined ? undefined : { name };
}

function userDomain(variable: Variable): JsonObject {
  return named(variable("OS_USER_DOMAIN_ID"), variable("OS_USER_DOMAIN_NAME")) ?? { id: "default" };
}

function password(variable: Variable, where: string): JsonObject {
  const id = variable("OS_USER_ID");
  const who =
    id === undefined
      ? { name: needed(variable, where, "OS_USERNAME", "OS_USER_ID"), domain: userDomain(variable) }
      : { id };
  const secret = needed(variable, where, "OS_PASSWORD");
  return { methods: ["password"], password: { user: { ...who, password: secret } } };
}

function applicationCredential(variable: Variable, where: string): JsonObject | undefined {
  const id = variable("OS_APPLICATION_CREDENTIAL_ID");
  const name = variable("OS_APPLICATION_CREDENTIAL_NAME");
  if (id === undefined && name === undefined) return undefined;
  const secret = needed(variable, where, "OS_APPLICATION_CREDENTIAL_SECRET");
  const userId = variable("OS_USER_ID");
  const user =
    userId === undefined
      ? { name: variable("OS_USERNAME"), domain: userDomain(variable) }
      : { id: userId };
  const which = id === undefined ? { name, user } : { id };
  return {
    methods: ["application_credential"],
    application_credential: { ...which, secret },
  };
}

/** A trust, or a project in its own domain or in that of the user. */
function scopeOf(variable: Variable): JsonObject | undefined {
  const trust = variable("OS_TRUST_ID");
  if (trust !== undefined) return { "OS-TRUST:trust": { id: trust } };
  const id = variable("OS_TENANT_ID", "OS_PROJECT_ID");
  if (id !== undefined) return { project: { id } };
  const name = variable("OS_PROJECT_NAME", "OS_TENANT_NAME");
  if (name === undefined) return undefined;
  const domain =
    named(variable("OS_PROJECT_DOMAIN_ID"), variable("OS_PROJECT_DOMAIN_NAME")) ??
    userDomain(variable);
  return { project: { name, domain } };
}

/** The object storage endpoints in a catalog. */
function endpointsOf(catalog: unknown): readonly JsonObject[] {
  if (!Array.isArray(catalog)) return [];
  return catalog
    .filter(isJsonObject)
    .filter(({ type }) => type === "object-store")
    .flatMap(({ endpoints }) => (Array.isArray(endpoints) ? endpoints.filter(isJsonObject) : []));
}

function chosen(
  endpoints: readonly JsonObject[],
  region: string | undefined,
  what: string,
  address: (endpoint: JsonObject) => unknown,
): string {
  const regions = new Set<string>();
  for (const endpoint of endpoints) {
    const url = address(endpoint);
    const own = textMember(endpoint, "region") ?? textMember(endpoint, "region_id");
    if (own !== undefined) regions.add(own);
    if (typeof url === "string" && url !== "" && (region === undefined || own === region))
      return url;
  }
  throw new AgentError(
    "config",
    regions.size === 0
      ? `${what}: the account has no public object storage: is the project set (OS_PROJECT_NAME, OS_TENANT_NAME)?`
      : `${what}: no object storage in the region ${region ?? "none"}: set OS_REGION_NAME to one of ${[...regions].join(", ")}`,
  );
}
