import { parseDurationMs } from "../core/duration.ts";
import { Secret } from "../core/secret.ts";
import { authOfEnvironment, parseAuth, textOf } from "./auth-settings.ts";
import type { Environment, Report, VaultAuth } from "./auth-settings.ts";
import { isJsonObject } from "../core/json.ts";
import type { JsonObject } from "../core/json.ts";
import { parseTls, TLS_KEYS } from "./tls.ts";
import type { VaultTls } from "./tls.ts";

/** How Vault is used, checked. */
export interface VaultSettings {
  /** `http://`, `https://` or `unix://`, without a login and without a slash at the end. */
  readonly address: string;
  readonly namespace: string | undefined;
  readonly auth: VaultAuth;
  readonly tls: VaultTls;
  /** Of one request. */
  readonly timeoutMs: number;
  /** How often a request is repeated that failed for a passing reason. */
  readonly retries: number;
  /** How often all secrets are to be resolved anew; undefined: at a reload, and when a repository refuses one. */
  readonly refreshMs: number | undefined;
}

/** Whether Vault is used, and how; if not, why, and what to do about it. */
export type VaultUse = VaultSettings | { readonly disabledReason: string };

export const VAULT_DISABLED = {
  disabledReason: "Vault is not used: set VAULT_ADDR, or vault.address in the settings",
};

/** Whether they say the same, secrets included. */
export function sameVault(a: unknown, b: unknown): boolean {
  if (a instanceof Secret && b instanceof Secret) return a.equals(b);
  if (!isJsonObject(a) || !isJsonObject(b)) return Object.is(a, b);
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => sameVault(a[key], b[key]));
}

/** `path` begins with `vault` for what stands in the section, else it is the name of a variable. */
interface VaultProblem {
  readonly path: readonly string[];
  readonly message: string;
}

export type VaultParsed =
  /** `value` is undefined if there is no address: Vault is not used. */
  | { readonly value: VaultSettings | undefined; readonly warnings: readonly VaultProblem[] }
  | { readonly problems: readonly VaultProblem[] };

/** Requests side by side. */
export const CONNECTIONS = 8;

const KEYS = ["address", "namespace", "auth", "tls", "timeout", "retries", "refresh"];

const TIMEOUT_MS = 10_000;
const RETRIES = 2;
const MAX_RETRIES = 10;

/**
 * Checks the section `vault` of the settings, with the variables that Vault's own programs know. Those win, but for the
 * login: what `auth` says wins over `VAULT_TOKEN` and `VAULT_ROLE_ID`.
 * @param section undefined if there is none
 */
export function parseVaultSettings(section: unknown, environment: Environment): VaultParsed {
  const env = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const reader = new SettingsReader(section, env);
  const value = reader.read();
  const inSection = reader.problems.filter(({ path }) => path[0] === "vault");
  // Variables may be there for other programs.
  const problems = reader.isUsed ? reader.problems : inSection;
  return problems.length > 0 ? { problems } : { value, warnings: reader.warnings };
}

class SettingsReader {
  readonly problems: VaultProblem[] = [];
  readonly warnings: VaultProblem[] = [];
  readonly #section: JsonObject;
  readonly #env: Environment;

  constructor(section: unknown, env: Environment) {
    this.#env = env;
    this.#section = isJsonObject(section) ? section : {};
    if (section !== undefined && !isJsonObject(section)) this.#report([], "must be a mapping");
  }

  /** There is an address, be it a wrong one. */
  get isUsed(): boolean {
    return Boolean(this.#env["VAULT_ADDR"] ?? this.#section["address"]);
  }

  /** Undefined without an address, and if something is wrong. */
  read(): VaultSettings | undefined {
    unknownKeys(this.#section, KEYS, this.#report);
    const address = this.#address();
    const namespace = textOf(this.#section, "namespace", this.#report);
    const tls = this.#tls();
    const auth = this.#auth(tls);
    const timeoutMs = this.#timeoutMs();
    const retries = this.#retries();
    const refreshMs = this.#durationMs("refresh");
    if (!this.isUsed) {
      if (Object.keys(this.#section).length > 0)
        this.warnings.push({ path: ["vault"], message: "is not used: it has no address" });
      return undefined;
    }
    this.#warn(tls);
    return address !== undefined && auth
      ? {
          address,
          namespace: this.#env["VAULT_NAMESPACE"] ?? namespace,
          auth,
          tls,
          timeoutMs,
          retries,
          refreshMs,
        }
      : undefined;
  }

  readonly #report: Report = (path, message) => {
    this.problems.push({ path: ["vault", ...path], message });
  };

  #wrong(variable: string, message: string): undefined {
    this.problems.push({ path: [variable], message });
  }

  #address(): string | undefined {
    const { VAULT_ADDR: variable } = this.#env;
    const own = textOf(this.#section, "address", this.#report);
    const message = 'must be an address like "https://vault:8200", without a login';
    const parsed = own === undefined ? undefined : parseAddress(own);
    if (own !== undefined && parsed === undefined) this.#report(["address"], message);
    if (variable === undefined) return parsed;
    return parseAddress(variable) ?? this.#wrong("VAULT_ADDR", message);
  }

  #tls(): VaultTls {
    const report: Report = (path, message) => this.#report(["tls", ...path], message);
    const { tls } = this.#section;
    if (isJsonObject(tls)) unknownKeys(tls, TLS_KEYS, report);
    return parseTls(tls, this.#env, report, (variable, message) => this.#wrong(variable, message));
  }

  #auth({ cert }: VaultTls): VaultAuth | undefined {
    const { auth: value } = this.#section;
    if (value === undefined) return authOfEnvironment(this.#env);
    const report: Report = (path, message) => this.#report(["auth", ...path], message);
    const auth = parseAuth(value, this.#env, report);
    if (auth?.method === "cert" && cert === undefined)
      report(["method"], "cert needs the certificate and key of tls, or VAULT_CLIENT_CERT");
    return auth;
  }

  /** Vault's own client takes plain seconds too. */
  #timeoutMs(): number {
    const own = this.#durationMs("timeout") ?? TIMEOUT_MS;
    const { VAULT_CLIENT_TIMEOUT: variable } = this.#env;
    if (variable === undefined) return own;
    const ms = /^\d+$/.test(variable) ? Number(variable) * 1000 : parseDurationMs(variable);
    if (ms !== undefined && ms > 0) return ms;
    this.#wrong("VAULT_CLIENT_TIMEOUT", 'must be seconds, or a duration like "30s"');
    return own;
  }

  #retries(): number {
    const message = `must be a number from 0 to ${MAX_RETRIES}`;
    const { retries: own = RETRIES } = this.#section;
    if (!isCount(own)) this.#report(["retries"], message);
    const { VAULT_MAX_RETRIES: variable } = this.#env;
    const given = variable === undefined ? own : Number(variable);
    if (isCount(given)) return given;
    if (variable !== undefined) this.#wrong("VAULT_MAX_RETRIES", message);
    return RETRIES;
  }

  #durationMs(key: string): number | undefined {
    const value = this.#section[key];
    if (value === undefined) return undefined;
    const ms = typeof value === "string" ? parseDurationMs(value) : undefined;
    return ms !== undefined && ms > 0
      ? ms
      : this.#report([key], 'must be a duration with its unit, like "10s"');
  }

  #warn({ skipVerify }: VaultTls): void {
    const { VAULT_TOKEN: token, VAULT_ROLE_ID: roleId, VAULT_SECRET_ID: secretId } = this.#env;
    const warn = (path: readonly string[], message: string): void =>
      void this.warnings.push({ path, message });
    if (skipVerify)
      warn(["vault"], "its certificate is not verified: anybody on the way can read the secrets");
    const hasAuth = this.#section["auth"] !== undefined;
    if (hasAuth && token) warn(["VAULT_TOKEN"], "is not used, vault.auth wins");
    if (hasAuth && roleId) warn(["VAULT_ROLE_ID"], "is not used, vault.auth wins");
    if (!hasAuth && roleId && !secretId && !token)
      warn(["VAULT_ROLE_ID"], "is not used without VAULT_SECRET_ID");
  }
}

function unknownKeys(section: JsonObject, known: readonly string[], report: Report): void {
  for (const key of Object.keys(section))
    if (!known.includes(key)) report([key], `unknown key; known are ${known.join(", ")}`);
}

function parseAddress(value: string): string | undefined {
  const url = /^(https?|unix):\/\//.test(value) ? URL.parse(value) : undefined;
  return url && `${url.username}${url.password}${url.search}${url.hash}` === ""
    ? url.href.replace(/\/+$/, "")
    : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MAX_RETRIES;
}
