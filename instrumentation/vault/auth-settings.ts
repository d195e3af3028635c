import { Secret } from "../core/secret.ts";
import { isJsonObject } from "../core/json.ts";
import type { JsonObject } from "../core/json.ts";
import { pathProblem } from "./path.ts";

/** A secret that a login needs. A file is read at each login. */
export type GivenSecret =
  | { readonly file: string }
  /** `name` says where it comes from; undefined if it is not there. */
  | { readonly name: string; readonly secret: Secret | undefined };

export type VaultAuth =
  /** @property unset nobody said how to log in: it is the token that `vault login` leaves, if there is one */
  | { readonly method: "token"; readonly token: GivenSecret; readonly unset?: boolean }
  | {
      readonly method: "approle";
      readonly mount: string;
      readonly roleId: GivenSecret;
      /** Undefined for a role that binds none. */
      readonly secretId: GivenSecret | undefined;
      /** `secretId` is a wrapping token, good for one use. */
      readonly wrapped: boolean;
    }
  | {
      readonly method: "kubernetes" | "jwt";
      readonly mount: string;
      readonly role: string | undefined;
      readonly jwt: GivenSecret;
    }
  | { readonly method: "cert"; readonly mount: string; readonly role: string | undefined }
  /** Somebody on the way to Vault adds the token: a local agent or proxy. */
  | { readonly method: "none" };

/** Where variables are looked up; empty ones count as not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

export type Report = (path: readonly string[], message: string) => undefined;

const METHODS: Readonly<Record<string, readonly string[]>> = {
  token: ["token"],
  approle: ["mount", "roleId", "secretId", "wrapped"],
  kubernetes: ["mount", "role", "jwt"],
  jwt: ["mount", "role", "jwt"],
  cert: ["mount", "role"],
  none: [],
};

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/** The way to log in that the variables name, in the order in which Vault's users expect it. */
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
  return { method: "token", token: { file: withHome("~/.vault-token", env) }, unset: true };
}

/** Checks `auth` of the section. Undefined if something is wrong. */
export function parseAuth(value: unknown, env: Environment, report: Report): VaultAuth | undefined {
  if (!isJsonObject(value)) return report([], "must be a mapping with the key method");
  const { method } = value;
  const known = Object.keys(METHODS).find((name) => name === method);
  const keys = METHODS[known ?? ""];
  if (!keys) return report(["method"], `must be one of ${Object.keys(METHODS).join(", ")}`);
  const extra = Object.keys(value).filter((key) => key !== "method" && !keys.includes(key));
  for (const key of extra) {
    const choices = keys.length > 0 ? `known are ${keys.join(", ")}` : "there are none";
    report([key], `unknown key for the method ${known}; ${choices}`);
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
  const secret = (key: string): GivenSecret | undefined =>
    givenSecret(section[key], `vault.auth.${key}`, env, (path, message) =>
      report([key, ...path], message),
    );
  const required = (key: string): GivenSecret | undefined =>
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
      const { wrapped = false, secretId: givenId } = section;
      const roleId = required("roleId");
      const secretId = secret("secretId");
      if (typeof wrapped !== "boolean") return report(["wrapped"], "must be true or false");
      if (wrapped && givenId === undefined)
        return report([], "secretId is missing: the wrapping token");
      if (!roleId || (givenId !== undefined && !secretId)) return undefined;
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

/** Text, `{file: path}` or `{env: NAME}`. */
function givenSecret(
  value: unknown,
  name: string,
  env: Environment,
  report: Report,
): GivenSecret | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string" && value !== "") return { name, secret: new Secret(value) };
  const [[key, content] = [], ...others] = isJsonObject(value) ? Object.entries(value) : [];
  if (typeof content === "string" && content !== "" && others.length === 0) {
    if (key === "file") return { file: withHome(content, env) };
    if (key === "env") return variable(content, env);
  }
  return report([], "must be text, {file: path} or {env: NAME}");
}

function variable(name: string, env: Environment): GivenSecret {
  // A line end comes along easily, and belongs to none of them.
  const value = env[name]?.trim();
  return { name: `the variable ${name}`, secret: value ? new Secret(value) : undefined };
}

function withHome(path: string, env: Environment): string {
  return path.startsWith("~/") ? (env["HOME"] ?? "") + path.slice(1) : path;
}

export function textOf(section: JsonObject, key: string, report: Report): string | undefined {
  const value = section[key];
  if (value === undefined || value === "") return undefined;
  return typeof value === "string" ? value : report([key], "must be text: put it in quotes");
}
