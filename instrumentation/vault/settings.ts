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
  const all: Problem[] = [];
  const report: Report = (path, message) => {
    all.push({ path: ["vault", ...path], message });
  };
  const reportVariable = (variable: string, message: string): undefined => {
    all.push({ path: [variable], message });
  };
  if (section !== undefined && !isJsonObject(section)) report([], "must be a mapping");
  const given = { section: isJsonObject(section) ? section : {}, env, report, reportVariable };
  unknownKeys(given.section, PROPERTIES, report);
  const hasAddress = Boolean(env["VAULT_ADDR"] ?? given.section["address"]);
  const value = readSettings(given);
  // Without an address the variables do not matter: other programs may use them.
  const problems = hasAddress ? all : all.filter(({ path }) => path[0] === "vault");
  if (problems.length > 0 || !value) return { value: VAULT_DISABLED, problems, warnings: [] };
  return hasAddress
    ? { value, problems, warnings: warningsOf(given, value.tls) }
    : { value: VAULT_DISABLED, problems, warnings: ignoredSection(given) };
}

interface Given {
  readonly section: JsonObject;
  readonly env: Environment;
  readonly report: Report;
  readonly reportVariable: (variable: string, message: string) => undefined;
}

/** Undefined if a problem was found. */
function readSettings(given: Given): VaultSettings | undefined {
  const { section, env, report } = given;
  const address = readAddress(given);
  const namespace = textOf(section, "namespace", report);
  const tls = readTls(given);
  const auth = readAuth(given, tls);
  const settings = {
    namespace: env["VAULT_NAMESPACE"] ?? namespace,
    tls,
    timeoutMs: readTimeoutMs(given),
    retries: readRetries(given),
    refreshMs: readDurationMs(given, "refresh"),
  };
  return auth && { address: address ?? "", auth, ...settings };
}

function readAddress({ section, env, report, reportVariable }: Given): string | undefined {
  const { VAULT_ADDR: variable } = env;
  const setting = textOf(section, "address", report);
  const message = 'must be a URL like "https://vault:8200", without credentials';
  const parsed = setting === undefined ? undefined : parseAddress(setting);
  if (setting !== undefined && parsed === undefined) report(["address"], message);
  if (variable === undefined) return parsed;
  return parseAddress(variable) ?? reportVariable("VAULT_ADDR", message);
}

function readTls({ section, env, report: reportAt, reportVariable }: Given): VaultTls {
  const report: Report = (path, message) => reportAt(["tls", ...path], message);
  const { tls } = section;
  if (isJsonObject(tls)) unknownKeys(tls, TLS_PROPERTIES, report);
  return parseTls(tls, env, report, reportVariable);
}

function readAuth(
  { section, env, report: reportAt }: Given,
  { cert }: VaultTls,
): VaultAuth | undefined {
  const { auth: value } = section;
  if (value === undefined) return authOfEnvironment(env);
  const report: Report = (path, message) => reportAt(["auth", ...path], message);
  const auth = parseAuth(value, env, report);
  if (auth?.method === "cert" && cert === undefined)
    report(
      ["method"],
      "cert needs a client certificate: set tls.cert and tls.key, or VAULT_CLIENT_CERT and VAULT_CLIENT_KEY",
    );
  return auth;
}

/** VAULT_CLIENT_TIMEOUT may be a plain number of seconds, as for the `vault` command. */
function readTimeoutMs(given: Given): number {
  const setting = readDurationMs(given, "timeout") ?? TIMEOUT_MS;
  const { VAULT_CLIENT_TIMEOUT: variable } = given.env;
  if (variable === undefined) return setting;
  const ms = positiveMs(/^\d+$/.test(variable) ? `${variable}s` : variable);
  if (ms !== undefined) return ms;
  const problem = `${badValue(variable)}must be seconds, or a duration like "30s"`;
  given.reportVariable("VAULT_CLIENT_TIMEOUT", problem);
  return setting;
}

function readRetries({ section, env, report, reportVariable }: Given): number {
  const message = (value: unknown): string =>
    `${badValue(value)}must be an integer from 0 to ${MAX_RETRIES}`;
  const { retries: setting = RETRIES } = section;
  if (!isRetryCount(setting)) report(["retries"], message(setting));
  const { VAULT_MAX_RETRIES: variable } = env;
  const retries = variable === undefined ? setting : Number(variable);
  if (isRetryCount(retries)) return retries;
  if (variable !== undefined) reportVariable("VAULT_MAX_RETRIES", message(variable));
  return RETRIES;
}

function readDurationMs({ section, report }: Given, key: string): number | undefined {
  const value = section[key];
  if (value === undefined) return undefined;
  const problem = `${badValue(value)}must be a duration with its unit, like "10s"`;
  return positiveMs(value) ?? report([key], problem);
}

function ignoredSection({ section }: Given): readonly Problem[] {
  const message = "is ignored: set vault.address or VAULT_ADDR";
  return Object.keys(section).length > 0 ? [{ path: ["vault"], message }] : [];
}

function warningsOf({ section, env }: Given, { skipVerify }: VaultTls): readonly Problem[] {
  const { VAULT_TOKEN: token, VAULT_ROLE_ID: roleId, VAULT_SECRET_ID: secretId } = env;
  const hasAuth = section["auth"] !== undefined;
  const all: readonly (readonly [applies: unknown, name: string, message: string])[] = [
    [
      skipVerify,
      "vault",
      "the TLS certificate is not verified: an attacker on the network can read the secrets",
    ],
    [hasAuth && token, "VAULT_TOKEN", "is ignored: vault.auth is set"],
    [hasAuth && roleId, "VAULT_ROLE_ID", "is ignored: vault.auth is set"],
    [
      !hasAuth && roleId && !secretId && !token,
      "VAULT_ROLE_ID",
      "is ignored: VAULT_SECRET_ID is not set",
    ],
  ];
  return all.flatMap(([applies, name, message]) => (applies ? [{ path: [name], message }] : []));
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
