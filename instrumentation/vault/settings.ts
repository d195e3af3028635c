import { DURATION, positiveMs } from "../core/duration.ts";
import { badValue } from "../core/error.ts";
import { withoutTrailingSlashes } from "../http/url-path.ts";
import { AUTH_SCHEMA, authOfEnvironment, parseAuth, textOf, unknownKeys } from "./auth-settings.ts";
import type { Environment, Report, VaultAuth } from "./auth-settings.ts";
import { isJsonObject } from "../core/json.ts";
import type { JsonObject } from "../core/json.ts";
import { described, mapping, TEXT } from "../core/json-schema.ts";
import type { JsonSchema, Properties } from "../core/json-schema.ts";
import { parseTls, TLS_PROPERTIES } from "./tls.ts";
import type { VaultTls } from "./tls.ts";

/** Checked settings of Vault. */
export interface VaultSettings {
  /** A URL with the scheme `http`, `https` or `unix`, without credentials and without trailing slashes. */
  readonly address: string;
  readonly namespace: string | undefined;
  readonly auth: VaultAuth;
  readonly tls: VaultTls;
  /** Time limit of one request. */
  readonly timeoutMs: number;
  /** How many times a request is retried that failed temporarily. */
  readonly retries: number;
  /** Interval at which all secrets are resolved again; undefined: only at a reload, and when a repository rejects a secret. */
  readonly refreshMs: number | undefined;
}

/** `disabledReason` says why Vault is not used, and what to do to use it. */
export type VaultUse = VaultSettings | { readonly disabledReason: string };

export const VAULT_DISABLED = {
  disabledReason: "Vault is not configured: set VAULT_ADDR, or vault.address in the settings",
};

interface Problem {
  readonly path: readonly string[];
  readonly message: string;
}

/** The section `vault` of the settings. The path of a problem begins with `vault`, or is the name of an environment variable. */
export interface VaultParsed {
  readonly value: VaultUse;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Maximum parallel requests. */
export const CONNECTIONS = 8;

const TIMEOUT_MS = 10_000;
const RETRIES = 2;
const MAX_RETRIES = 10;

const PROPERTIES: Properties = {
  address: described("URL of Vault, such as https://vault:8200", {
    type: "string",
    pattern: "^(?:(?:https?|unix)://[^?#/@]*(?:/[^?#]*)?)?$",
  }),
  namespace: described("namespace of Vault Enterprise", TEXT),
  auth: described("login; default: VAULT_TOKEN, VAULT_ROLE_ID or ~/.vault-token", AUTH_SCHEMA),
  tls: mapping(TLS_PROPERTIES),
  timeout: described("time limit of one request; default: 10s", DURATION),
  retries: described(`retries of a request; default: ${RETRIES}`, {
    type: "integer",
    minimum: 0,
    maximum: MAX_RETRIES,
  }),
  refresh: described("interval at which all secrets are resolved again", DURATION),
};

/** The section `vault` of the settings. */
export const VAULT_SCHEMA: JsonSchema = mapping(PROPERTIES);

/**
 * Checks the section `vault` of the settings and the variables of the `vault` command. Variables override the section, with
 * one exception: `auth` overrides `VAULT_TOKEN`, `VAULT_ROLE_ID` and `VAULT_SECRET_ID`.
 * @param section undefined if the settings have none
 */
export function parseVaultSettings(section: unknown, environment: Environment): VaultParsed {
  const env = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const reader = new SettingsReader(section, env);
  const value = reader.read() ?? VAULT_DISABLED;
  const inSection = reader.problems.filter(({ path }) => path[0] === "vault");
  // Without an address the variables do not matter: other programs may use them.
  const problems = reader.hasAddress ? reader.problems : inSection;
  return problems.length > 0
    ? { value: VAULT_DISABLED, problems, warnings: [] }
    : { value, problems, warnings: reader.warnings };
}

class SettingsReader {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  readonly #section: JsonObject;
  readonly #env: Environment;

  constructor(section: unknown, env: Environment) {
    this.#env = env;
    this.#section = isJsonObject(section) ? section : {};
    if (section !== undefined && !isJsonObject(section)) this.#report([], "must be a mapping");
  }

  /** An address is configured, valid or not. */
  get hasAddress(): boolean {
    return Boolean(this.#env["VAULT_ADDR"] ?? this.#section["address"]);
  }

  /** Undefined if no address is configured, or a problem was found. */
  read(): VaultSettings | undefined {
    unknownKeys(this.#section, PROPERTIES, this.#report);
    const address = this.#address();
    const namespace = textOf(this.#section, "namespace", this.#report);
    const tls = this.#tls();
    const auth = this.#auth(tls);
    const timeoutMs = this.#timeoutMs();
    const retries = this.#retries();
    const refreshMs = this.#durationMs("refresh");
    if (!this.hasAddress) {
      if (Object.keys(this.#section).length > 0)
        this.warnings.push({
          path: ["vault"],
          message: "is ignored: set vault.address or VAULT_ADDR",
        });
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

  #reportVariable(variable: string, message: string): undefined {
    this.problems.push({ path: [variable], message });
  }

  #address(): string | undefined {
    const { VAULT_ADDR: variable } = this.#env;
    const setting = textOf(this.#section, "address", this.#report);
    const message = 'must be a URL like "https://vault:8200", without credentials';
    const parsed = setting === undefined ? undefined : parseAddress(setting);
    if (setting !== undefined && parsed === undefined) this.#report(["address"], message);
    if (variable === undefined) return parsed;
    return parseAddress(variable) ?? this.#reportVariable("VAULT_ADDR", message);
  }

  #tls(): VaultTls {
    const report: Report = (path, message) => this.#report(["tls", ...path], message);
    const { tls } = this.#section;
    if (isJsonObject(tls)) unknownKeys(tls, TLS_PROPERTIES, report);
    return parseTls(tls, this.#env, report, (variable, message) =>
      this.#reportVariable(variable, message),
    );
  }

  #auth({ cert }: VaultTls): VaultAuth | undefined {
    const { auth: value } = this.#section;
    if (value === undefined) return authOfEnvironment(this.#env);
    const report: Report = (path, message) => this.#report(["auth", ...path], message);
    const auth = parseAuth(value, this.#env, report);
    if (auth?.method === "cert" && cert === undefined)
      report(
        ["method"],
        "cert needs a client certificate: set tls.cert and tls.key, or VAULT_CLIENT_CERT and VAULT_CLIENT_KEY",
      );
    return auth;
  }

  /** VAULT_CLIENT_TIMEOUT may be a plain number of seconds, as for the `vault` command. */
  #timeoutMs(): number {
    const setting = this.#durationMs("timeout") ?? TIMEOUT_MS;
    const { VAULT_CLIENT_TIMEOUT: variable } = this.#env;
    if (variable === undefined) return setting;
    const ms = positiveMs(/^\d+$/.test(variable) ? `${variable}s` : variable);
    if (ms !== undefined) return ms;
    const problem = `${badValue(variable)}must be seconds, or a duration like "30s"`;
    this.#reportVariable("VAULT_CLIENT_TIMEOUT", problem);
    return setting;
  }

  #retries(): number {
    const message = (value: unknown): string =>
      `${badValue(value)}must be an integer from 0 to ${MAX_RETRIES}`;
    const { retries: setting = RETRIES } = this.#section;
    if (!isRetryCount(setting)) this.#report(["retries"], message(setting));
    const { VAULT_MAX_RETRIES: variable } = this.#env;
    const retries = variable === undefined ? setting : Number(variable);
    if (isRetryCount(retries)) return retries;
    if (variable !== undefined) this.#reportVariable("VAULT_MAX_RETRIES", message(variable));
    return RETRIES;
  }

  #durationMs(key: string): number | undefined {
    const value = this.#section[key];
    if (value === undefined) return undefined;
    const problem = `${badValue(value)}must be a duration with its unit, like "10s"`;
    return positiveMs(value) ?? this.#report([key], problem);
  }

  #warn({ skipVerify }: VaultTls): void {
    const { VAULT_TOKEN: token, VAULT_ROLE_ID: roleId, VAULT_SECRET_ID: secretId } = this.#env;
    const warn = (path: readonly string[], message: string): void =>
      void this.warnings.push({ path, message });
    if (skipVerify)
      warn(
        ["vault"],
        "the TLS certificate is not verified: an attacker on the network can read the secrets",
      );
    const hasAuth = this.#section["auth"] !== undefined;
    if (hasAuth && token) warn(["VAULT_TOKEN"], "is ignored: vault.auth is set");
    if (hasAuth && roleId) warn(["VAULT_ROLE_ID"], "is ignored: vault.auth is set");
    if (!hasAuth && roleId && !secretId && !token)
      warn(["VAULT_ROLE_ID"], "is ignored: VAULT_SECRET_ID is not set");
  }
}

function parseAddress(value: string): string | undefined {
  const url = /^(https?|unix):\/\//.test(value) ? URL.parse(value) : undefined;
  return url && `${url.username}${url.password}${url.search}${url.hash}` === ""
    ? withoutTrailingSlashes(url.href)
    : undefined;
}

function isRetryCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MAX_RETRIES;
}
