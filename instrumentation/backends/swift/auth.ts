import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import { Secret } from "../../core/secret.ts";
import { withoutTrailingSlashes } from "../../http/url-path.ts";
import type { HttpResponse, Send } from "../../http/client.ts";
import { statusError } from "../../http/status-error.ts";
import { keystone2, keystone3 } from "./keystone.ts";
import { needed } from "./auth-version.ts";
import type { Access, LoginRequest, LoginVersion, Variable } from "./auth-version.ts";
import { renewable } from "../object-store/renewable.ts";
import type { Renewable } from "../object-store/renewable.ts";
import { valueOf } from "../context.ts";
import type { Variables } from "../context.ts";

export interface SwiftSession {
  readonly token: Secret;
  /** The storage URL of the account, without trailing slash. */
  readonly storageUrl: string;
  /** A rejected token can be replaced by a new one. */
  readonly renews: boolean;
  /** Milliseconds since the epoch; undefined: not known. */
  readonly expiresAt?: number | undefined;
}

interface SwiftOptions {
  readonly environment: Variables;
  /** Prefix of messages. */
  readonly where: string;
  readonly send: Send;
  readonly clock: Clock;
}

const MAX_BYTES = 4 * 1024 * 1024;
const MARGIN_MS = 60_000;

/**
 * Token and storage URL: those in the repository's variables, else from Keystone (v3, v2) or the server itself (v1). As for restic,
 * the version is a part of the URL.
 */
export function swiftLogin(options: SwiftOptions): Renewable<SwiftSession> {
  const { environment, clock } = options;
  const variable: Variable = (...names) =>
    names.map((name) => valueOf(environment, name)).find((value) => value !== undefined);
  return renewable((signal) => open(variable, options, signal), clock, MARGIN_MS);
}

async function open(
  variable: Variable,
  { where, send, clock }: SwiftOptions,
  signal: AbortSignal,
): Promise<SwiftSession> {
  const given = variable("OS_STORAGE_URL");
  const ready = variable("OS_AUTH_TOKEN");
  if (given !== undefined && ready !== undefined) {
    const storageUrl = addressOf(given, where, "OS_STORAGE_URL");
    return { token: new Secret(ready), storageUrl, renews: false };
  }
  const name = ["OS_AUTH_URL", "ST_AUTH"].find((one) => variable(one) !== undefined);
  if (name === undefined)
    throw new AgentError(
      "config",
      `${where}: no login is set in the environment of the repository: set OS_AUTH_URL (Keystone) or ST_AUTH (version 1) with user and password, or OS_STORAGE_URL and OS_AUTH_TOKEN`,
    );
  const address = addressOf(variable(name) ?? "", where, name);
  const version = versionOf(address, name, where);
  const request = version.request(address, variable, where);
  const response = await send({ ...request, maxBytes: MAX_BYTES }, signal);
  const what = `${where}: the login at ${request.url.host}`;
  const { status } = response;
  if (status === 401 || status === 403)
    throw new AgentError(
      "denied",
      `${what}: rejected (${status}): user, password, project and domains must belong to an existing account`,
    );
  if (status < 200 || status > 299) throw statusError(response, what, clock);
  const access = version.access(response, variable("OS_REGION_NAME"), what);
  const { token, url, expiresAt } = access;
  const storageUrl = addressOf(given ?? url, where, "the storage URL from the login");
  return { token, storageUrl, renews: true, expiresAt };
}

const VERSIONS: readonly (readonly [mark: string, version: LoginVersion])[] = [
  ["v3", keystone3],
  ["v2", keystone2],
  ["v1", { request: requestV1, access: accessV1 }],
];

function versionOf(address: string, name: string, where: string): LoginVersion {
  const found = VERSIONS.find(([mark]) => address.includes(mark));
  if (found) return found[1];
  throw new AgentError(
    "config",
    `${where}: ${name} has no version: the path must contain v1, v2.0 or v3`,
  );
}

/** TempAuth and similar servers. */
function requestV1(address: string, variable: Variable, where: string): LoginRequest {
  const user = needed(variable, where, "ST_USER", "OS_USERNAME");
  const key = needed(variable, where, "ST_KEY", "OS_PASSWORD");
  return { url: new URL(address), headers: { "x-auth-user": user, "x-auth-key": key } };
}

function accessV1({ headers }: HttpResponse, _region: string | undefined, what: string): Access {
  const token = headers["x-auth-token"] ?? headers["x-storage-token"] ?? "";
  const url = headers["x-storage-url"] ?? "";
  if (token === "" || url === "")
    throw new AgentError("other", `${what}: the response has no token or no storage URL`);
  return { token: new Secret(token), url };
}

/** Without trailing slash. */
function addressOf(text: string, where: string, name: string): string {
  const url = URL.parse(text);
  if (url?.protocol === "http:" || url?.protocol === "https:")
    return withoutTrailingSlashes(url.origin + url.pathname);
  throw new AgentError("config", `${where}: ${name} is not an address`);
}
