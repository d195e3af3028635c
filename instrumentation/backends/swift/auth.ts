import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import { Secret } from "../../core/secret.ts";
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
  /** Of the account, without a slash at the end. */
  readonly storageUrl: string;
  /** There is another token to be had when this one is refused. */
  readonly renews: boolean;
}

interface Session extends SwiftSession {
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

interface SwiftOptions {
  readonly environment: Variables;
  /** Begins messages. */
  readonly where: string;
  readonly send: Send;
  readonly clock: Clock;
}

const MAX_BYTES = 4 * 1024 * 1024;
const MARGIN_MS = 60_000;

/**
 * The token and the address that the repository's variables lead to: those that are set, else what Keystone (v3, v2) or the server itself
 * (v1) gives; the version stands in the address, as restic takes it.
 */
export function swiftLogin(options: SwiftOptions): Renewable<SwiftSession> {
  const { environment, clock } = options;
  const variable: Variable = (...names) =>
    names.map((name) => valueOf(environment, name)).find((value) => value !== undefined);
  return renewable<Session>(
    (signal) => open(variable, options, signal),
    ({ expiresAt }) => expiresAt - clock.now() > MARGIN_MS,
  );
}

async function open(
  variable: Variable,
  { where, send, clock }: SwiftOptions,
  signal: AbortSignal,
): Promise<Session> {
  const given = variable("OS_STORAGE_URL");
  const ready = variable("OS_AUTH_TOKEN");
  if (given !== undefined && ready !== undefined) {
    const storageUrl = addressOf(given, where, "OS_STORAGE_URL");
    return { token: new Secret(ready), storageUrl, renews: false, expiresAt: Infinity };
  }
  const name = ["OS_AUTH_URL", "ST_AUTH"].find((one) => variable(one) !== undefined);
  if (name === undefined)
    throw new AgentError(
      "config",
      `${where}: there is no login: OS_AUTH_URL (Keystone) or ST_AUTH (version 1) and what belongs to it, or OS_STORAGE_URL and OS_AUTH_TOKEN, are missing in the environment of the repository`,
    );
  const address = addressOf(variable(name) ?? "", where, name);
  const version = versionOf(address, name, where);
  const request = version.request(address, variable, where);
  const response = await send({ ...request, maxBytes: MAX_BYTES }, signal);
  const what = `${where}: the login at ${request.url.host}`;
  checkLogin(response, what, clock);
  const access = version.access(response, variable("OS_REGION_NAME"), what);
  const { token, url, expiresAt = Infinity } = access;
  const storageUrl = addressOf(given ?? url, where, "the address that the login gives");
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
    `${where}: ${name} says no version: its path must hold v1, v2.0 or v3`,
  );
}

/** TempAuth and its kin. */
function requestV1(address: string, variable: Variable, where: string): LoginRequest {
  const user = needed(variable, where, "ST_USER", "OS_USERNAME");
  const key = needed(variable, where, "ST_KEY", "OS_PASSWORD");
  return { url: new URL(address), headers: { "x-auth-user": user, "x-auth-key": key } };
}

function accessV1({ headers }: HttpResponse, _region: string | undefined, what: string): Access {
  const token = headers["x-auth-token"] ?? headers["x-storage-token"] ?? "";
  const url = headers["x-storage-url"] ?? "";
  if (token === "" || url === "")
    throw new AgentError("other", `${what}: the answer holds no token and no address`);
  return { token: new Secret(token), url };
}

function checkLogin(response: HttpResponse, what: string, clock: Clock): void {
  const { status } = response;
  if (status >= 200 && status < 300) return;
  if (status === 401 || status === 403)
    throw new AgentError(
      "denied",
      `${what}: refused (${status}): user, password, project and domains must be those of an account that still exists`,
    );
  throw statusError(response, what, clock);
}

/** Without a slash at the end. */
function addressOf(text: string, where: string, name: string): string {
  const url = URL.parse(text);
  if (url?.protocol === "http:" || url?.protocol === "https:")
    return (url.origin + url.pathname).replace(/\/+$/, "");
  throw new AgentError("config", `${where}: ${name} is not an address`);
}
