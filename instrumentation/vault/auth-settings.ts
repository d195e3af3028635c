import { Secret } from "../core/secret.ts";
import { isJsonObject } from "../core/json.ts";
import type { JsonObject } from "../core/json.ts";
import { BOOLEAN, mapping, NOT_EMPTY, TEXT } from "../core/json-schema.ts";
import type { JsonSchema, Properties } from "../core/json-schema.ts";
import { variableShown } from "../secrets/environment.ts";

/** A secret that a login needs. */
export type LoginSecret =
  /** Read at each login. */
  | { readonly file: string }
  /** `name` is the variable or setting, for messages. `secret` is undefined if the variable is not set. */
  | { readonly name: string; readonly secret: Secret | undefined; readonly variable?: string };

export type VaultAuth =
  /** @property isDefault no login is configured: `token` is the file that `vault login` writes, which may be missing */
  | { readonly method: "token"; readonly token: LoginSecret; readonly isDefault?: boolean }
  | {
      readonly method: "approle";
      readonly mount: string;
      readonly roleId: LoginSecret;
      /** Undefined for a role with `bind_secret_id=false`. */
      readonly secretId: LoginSecret | undefined;
      /** True: `secretId` is a response-wrapping token, which can be used once. */
      readonly wrapped: boolean;
    }
  | {
      readonly method: "kubernetes" | "jwt";
      readonly mount: string;
      readonly role: string | undefined;
      readonly jwt: LoginSecret;
    }
  | { readonly method: "cert"; readonly mount: string; readonly role: string | undefined }
  /** A proxy on the way to Vault adds the token: Vault Agent, for instance. */
  | { readonly method: "none" };

/** Environment variables. An empty one counts as not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Records a problem. `path` names the wrong key, relative to the mapping that is checked. */
export type Report = (path: readonly string[], message: string) => undefined;

const LOGIN_SECRET: JsonSchema = {
  anyOf: [NOT_EMPTY, mapping({ file: NOT_EMPTY }, ["file"]), mapping({ env: NOT_EMPTY }, ["env"])],
};

const METHODS: Readonly<Record<string, Properties>> = {
  token: { token: LOGIN_SECRET },
  approle: { mount: TEXT, roleId: LOGIN_SECRET, secretId: LOGIN_SECRET, wrapped: BOOLEAN },
  kubernetes: { mount: TEXT, role: NOT_EMPTY, jwt: LOGIN_SECRET },
  jwt: { mount: TEXT, role: TEXT, jwt: LOGIN_SECRET },
  cert: { mount: TEXT, role: TEXT },
  none: {},
};

const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  token: ["token"],
  approle: ["roleId"],
  kubernetes: ["role"],
  jwt: ["jwt"],
};

/** The key `auth`: a form a method. */
export const AUTH_SCHEMA: JsonSchema = {
  anyOf: Object.entries(METHODS).map(([method, properties]) =>
    mapping({ method: { const: method }, ...properties }, ["method", ...(REQUIRED[method] ?? [])]),
  ),
};

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/** The login that the variables configure: VAULT_TOKEN, else AppRole, else the file that `vault login` writes. */
export function authOfEnvironment(env: Environment): VaultAuth {
  const { VAULT_TOKEN, VAULT_ROLE_ID, VAULT_SECRET_ID } = env;
  if (VAULT_TOKEN) return { method: "token", token: variable("VAULT_TOKEN", env) };
  if (VAULT_ROLE_ID && VAULT_SECRET_ID) {
    return {
      method: "approle",
      mount: "approle",
      roleId: variable("VAULT_ROLE_ID", env),
      secretId: variable("VAULT_SECRET_ID", env),
      wrapped: false,
    };
  }
  return { method: "token", token: { file: withHome("~/.vault-token", env) }, isDefault: true };
}

/** Checks the key `auth` of the section `vault`. Undefined if a problem was reported. */
export function parseAuth(value: unknown, env: Environment, report: Report): VaultAuth | undefined {
  if (!isJsonObject(value)) return report([], "must be a mapping with the key method");
  const { method } = value;
  const known = Object.keys(METHODS).find((name) => name === method);
  const properties = METHODS[known ?? ""];
  if (!properties) return report(["method"], `must be one of ${Object.keys(METHODS).join(", ")}`);
  const keys = Object.keys(properties);
  const extra = Object.keys(value).filter((key) => key !== "method" && !keys.includes(key));
  for (const key of extra) {
    const hint = keys.length > 0 ? `known keys: ${keys.join(", ")}` : "this method has no keys";
    report([key], `unknown key for the method ${known}; ${hint}`);
  }
  const auth = methodOf(known, value, env, report);
  return extra.length > 0 ? undefined : auth;
}

function methodOf(
  method: string | undefined,
  section: JsonObject,
  env: Environment,
  report: Report,
): VaultAuth | undefined {
  const secret = (key: string): LoginSecret | undefined =>
    parseLoginSecret(section[key], `vault.auth.${key}`, env, (path, message) =>
      report([key, ...path], message),
    );
  const required = (key: string): LoginSecret | undefined =>
    section[key] === undefined ? report([], `${key} is missing`) : secret(key);
  const role = textOf(section, "role", report);
  const mount = textOf(section, "mount", report) ?? method ?? "";
  const problem = pathProblem(mount);
  if (problem !== undefined) return report(["mount"], problem);
  switch (method) {
    case "token": {
      const token = required("token");
      return token && { method, token };
    }
    case "approle": {
      const { wrapped = false } = section;
      const hasSecretId = section["secretId"] !== undefined;
      const roleId = required("roleId");
      const secretId = secret("secretId");
      if (typeof wrapped !== "boolean") return report(["wrapped"], "must be true or false");
      if (wrapped && !hasSecretId)
        return report([], "secretId is missing: with wrapped: true it is the wrapping token");
      if (!roleId || (hasSecretId && !secretId)) return undefined;
      return { method, mount, roleId, secretId, wrapped };
    }
    case "kubernetes": {
      if (role === undefined) return report([], "role is missing");
      const jwt = "jwt" in section ? secret("jwt") : { file: SERVICE_ACCOUNT };
      return jwt && { method, mount, role, jwt };
    }
    case "jwt": {
      const jwt = required("jwt");
      return jwt && { method, mount, role, jwt };
    }
    case "cert":
      return { method, mount, role };
    default:
      return { method: "none" };
  }
}

function parseLoginSecret(
  value: unknown,
  name: string,
  env: Environment,
  report: Report,
): LoginSecret | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string" && value !== "") return { name, secret: new Secret(value) };
  const [[key, content] = [], ...others] = isJsonObject(value) ? Object.entries(value) : [];
  if (typeof content === "string" && content !== "" && others.length === 0) {
    if (key === "file") return { file: withHome(content, env) };
    if (key === "env") return variable(content, env);
  }
  return report([], "must be text, {file: path} or {env: NAME}");
}

function variable(name: string, env: Environment): LoginSecret {
  // Tokens, ids and JWTs contain no white space, but variables filled from files often end with a newline.
  const value = env[name]?.trim();
  return {
    name: variableShown(name),
    secret: value ? new Secret(value) : undefined,
    variable: name,
  };
}

function withHome(path: string, env: Environment): string {
  return path.startsWith("~/") ? (env["HOME"] ?? "") + path.slice(1) : path;
}

export function textOf(section: JsonObject, key: string, report: Report): string | undefined {
  const value = section[key];
  if (value === undefined || value === "") return undefined;
  return typeof value === "string" ? value : report([key], "must be text: put it in quotes");
}

/** Reports each key that is not known. */
export function unknownKeys(section: JsonObject, properties: Properties, report: Report): void {
  const known = Object.keys(properties);
  for (const key of Object.keys(section))
    if (!known.includes(key)) report([key], `unknown key; known keys: ${known.join(", ")}`);
}

/** The problem of a path in Vault, as "must …"; undefined if it has none. Vault resolves `.` and `..`, so such a path could leave its mount. */
export function pathProblem(path: string): string | undefined {
  const segments = path.split("/");
  if (segments.some((segment) => segment === "" || segment === "." || segment === ".."))
    return 'must not have an empty segment, "." or ".." between slashes';
  return !path.isWellFormed() || /\p{Cc}/u.test(path) ? "must be printable text" : undefined;
}
