import { isJsonObject } from "../core/json.ts";
import { parseLocation } from "../backends/location.ts";
import { printableUrl } from "../backends/printable-url.ts";
import { OPTIONS } from "../backends/options.ts";
import { distance } from "./nearest.ts";

/** Keys of settings that are fixed. Every other key may hold a secret that a slip moved there, as in `password:hunter2`. */
const KEYS: readonly string[] = `
  repo password insecure_no_password environment options connections insecure_tls disabled
  request_timeout receivesCopies appendOnly inventory locks every vault_material b2_vault_material b2_account_id b2_key file env command vault field version
  kvVersion literal repositories otlp endpoint headers protocol compression timeout tls ca
  caPath cert key serverName skipVerify address namespace auth method mount role jwt token
  roleId secretId wrapped retries refresh index total
  expect name hosts users tags paths maxAge minSnapshots minFiles minBytes copies paused until
  allowTime retention require last hourly daily weekly monthly yearly within withinHourly
  withinDaily withinWeekly withinMonthly withinYearly groupBy retired since rename as
`
  .trim()
  .split(/\s+/);

/** Variables that an entry's `environment` often sets, and headers of OTLP endpoints. */
const NAMES: readonly string[] = `
  RESTIC_REST_USERNAME RESTIC_REST_PASSWORD RESTIC_CACERT RESTIC_TLS_CLIENT_CERT
  RESTIC_PASSWORD RESTIC_PASSWORD_FILE RESTIC_PASSWORD_COMMAND RESTIC_REPOSITORY
  RESTIC_REPOSITORY_FILE RESTIC_KEY_HINT HTTP_PROXY HTTPS_PROXY NO_PROXY AWS_ACCESS_KEY_ID
  AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_DEFAULT_REGION AWS_REGION AWS_PROFILE
  B2_ACCOUNT_ID B2_ACCOUNT_KEY AZURE_ACCOUNT_NAME AZURE_ACCOUNT_KEY AZURE_ACCOUNT_SAS
  AZURE_ENDPOINT_SUFFIX GOOGLE_APPLICATION_CREDENTIALS GOOGLE_ACCESS_TOKEN GOOGLE_PROJECT_ID
  OS_AUTH_URL OS_USERNAME OS_PASSWORD OS_REGION_NAME RCLONE_CONFIG Authorization
  X-Scope-OrgID api-key
`
  .trim()
  .split(/\s+/);

/** Whether a message may repeat an unknown key: at most two letters of a known one are wrong, and none could belong to a secret. */
export function isPrintable(key: string, known: readonly string[]): boolean {
  return (
    /^[A-Za-z0-9_.-]{1,40}$/.test(key) &&
    known.some((name) => distance(key.toLowerCase(), name.toLowerCase(), 2) <= 2)
  );
}

/**
 * A path in settings as text: `repositories[0] (/srv/repo).password`. A key that may hold a secret is replaced by its position: `[0].[key 2]`.
 * @param root the settings that the path leads into
 * @param more further keys that are fixed
 */
export function printPath(
  path: readonly (string | number)[],
  root: unknown,
  more: readonly string[] = [],
): string {
  const known = [...KEYS, ...NAMES, ...OPTIONS.keys(), ...more];
  let parent = root;
  let text = "";
  for (const step of path) {
    const isIndex = typeof step === "number";
    const name = isIndex || isPrintable(step, known) ? String(step) : placeOf(step, parent);
    parent = childOf(parent, step);
    text += isIndex ? `[${step}]${urlOf(parent)}` : `${text === "" ? "" : "."}${name}`;
  }
  return text;
}

function placeOf(key: string, parent: unknown): string {
  const keys = isJsonObject(parent) ? Object.keys(parent) : [];
  return `[key ${keys.indexOf(key) + 1}]`;
}

/** The URL of a repository behind its index, without credentials; empty: not a repository, or its string is invalid. */
function urlOf(entry: unknown): string {
  if (!isJsonObject(entry) || typeof entry["repo"] !== "string") return "";
  const repo = entry["repo"].trim();
  try {
    parseLocation(repo);
    return ` (${printableUrl(repo).replaceAll(/\p{Cc}/gu, " ")})`;
  } catch {
    return "";
  }
}

function childOf(parent: unknown, step: string | number): unknown {
  if (Array.isArray(parent)) return parent[Number(step)];
  return isJsonObject(parent) ? parent[String(step)] : undefined;
}
