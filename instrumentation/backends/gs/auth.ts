import { createSign } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { fileShown } from "../../core/shown-path.ts";
import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import { parseJsonObject, textMember } from "../../core/json.ts";
import type { JsonObject } from "../../core/json.ts";
import { Secret } from "../../core/secret.ts";
import { httpClient } from "../../http/client.ts";
import type { HttpResponse, Send } from "../../http/client.ts";
import { statusError } from "../../http/status-error.ts";
import { LIBRARY_TYPES, libraryToken } from "./google-auth.ts";
import type { LoadGoogleAuth } from "./google-auth.ts";
import { queryString } from "../object-store/object-store.ts";
import { renewable } from "../object-store/renewable.ts";
import type { Renewable } from "../object-store/renewable.ts";
import { valueOf } from "../context.ts";
import type { Variables } from "../context.ts";

interface GoogleToken {
  /** undefined: an anonymous request. */
  readonly secret: Secret | undefined;
  /** Milliseconds since the epoch; undefined: not known. */
  readonly expiresAt?: number;
  /** A rejected token can be replaced by a new one. */
  readonly renews: boolean;
}

interface GoogleOptions {
  readonly environment: Variables;
  /** Prefix of messages. */
  readonly where: string;
  readonly send: Send;
  readonly clock: Clock;
  /** false: the server needs no login; only `GOOGLE_ACCESS_TOKEN` is sent. */
  readonly needed: boolean;
  readonly loadGoogleAuth?: LoadGoogleAuth | undefined;
}

const SCOPE = "https://www.googleapis.com/auth/devstorage.read_only";
const TOKEN_URI = "https://oauth2.googleapis.com/token";
const METADATA = "metadata.google.internal";
const METADATA_PATH = "/computeMetadata/v1/instance/service-accounts/default/token";
/** The metadata server is on this machine or its link. */
const METADATA_MS = 3000;
const MAX_BYTES = 64 * 1024;
/** The metadata server returns the same token until five minutes before its expiry. */
const MARGIN_MS = 3 * 60_000;
const HOUR_S = 3600;

/**
 * Tokens for reading: `GOOGLE_ACCESS_TOKEN`, else by the file in `GOOGLE_APPLICATION_CREDENTIALS` or by gcloud's file, else of the
 * machine's account. Source: Application Default Credentials; RFC 7523 for service accounts.
 */
export function googleLogin(options: GoogleOptions): Renewable<GoogleToken> {
  const { environment, needed, clock } = options;
  const given = environment["GOOGLE_ACCESS_TOKEN"];
  const secret = given?.isEmpty === false ? given : undefined;
  return renewable(
    async (signal) => {
      if (!needed || secret) return { secret, renews: false };
      const file = await credentialsFile(options);
      return file ? ofFile(file, options, signal) : ofMachine(options, signal);
    },
    clock,
    MARGIN_MS,
  );
}

interface CredentialsFile {
  readonly path: string;
  readonly content: JsonObject;
}

/** Read for each token: the file may be replaced while the agent runs. */
async function credentialsFile({
  environment,
  where,
}: GoogleOptions): Promise<CredentialsFile | undefined> {
  const named = valueOf(environment, "GOOGLE_APPLICATION_CREDENTIALS");
  const folder =
    valueOf(environment, "CLOUDSDK_CONFIG") ??
    join(valueOf(environment, "HOME") ?? "/", ".config/gcloud");
  const path = named ?? join(folder, "application_default_credentials.json");
  try {
    return { path, content: parseJsonObject(await readFile(path)) };
  } catch (cause) {
    if (named === undefined) return undefined;
    throw new AgentError(
      "secret",
      `${where}: GOOGLE_APPLICATION_CREDENTIALS: ${fileShown(path)} cannot be read`,
      { cause },
    );
  }
}

async function ofFile(
  { path, content }: CredentialsFile,
  options: GoogleOptions,
  signal: AbortSignal,
): Promise<GoogleToken> {
  const { where, send, clock, loadGoogleAuth } = options;
  const type = textMember(content, "type") ?? "none";
  if (LIBRARY_TYPES.has(type)) {
    const what = `${where}: ${fileShown(path)} (${type})`;
    const found = await libraryToken(content, SCOPE, what, loadGoogleAuth, signal);
    const { token, expiresAt = clock.now() + HOUR_S * 1000 } = found;
    return { secret: new Secret(token), expiresAt, renews: true };
  }
  const url = URL.parse(textMember(content, "token_uri") ?? TOKEN_URI);
  const form =
    type === "service_account"
      ? assertion(content, clock)
      : type === "authorized_user"
        ? refresh(content)
        : undefined;
  if (!form || !url)
    throw new AgentError(
      "config",
      `${where}: ${fileShown(path)} has no usable key of a service account or user (type ${type}): create a new one, or set GOOGLE_ACCESS_TOKEN`,
    );
  const response = await send(
    {
      method: "POST",
      url,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: Buffer.from(new URLSearchParams(form).toString()),
      maxBytes: MAX_BYTES,
    },
    signal,
  );
  const what = `${where}: the token for ${textMember(content, "client_email") ?? "the user"} at ${url.host}`;
  if (response.status === 400 || response.status === 401 || response.status === 403) {
    const said =
      /^[a-z_]{1,40}$/.exec(textMember(parseJsonObject(response.body), "error") ?? "")?.[0] ?? "";
    throw new AgentError(
      "denied",
      `${what}: rejected (${response.status}${said && ` ${said}`}): the key in ${path} must still exist, and the clock of this machine must be right`,
    );
  }
  return tokenOf(response, what, clock);
}

/** A JWT signed with the key of the account: "Using OAuth 2.0 for server to server applications". */
function assertion(content: JsonObject, clock: Clock): Record<string, string> | undefined {
  const issuer = textMember(content, "client_email");
  const key = textMember(content, "private_key");
  if (issuer === undefined || key === undefined) return undefined;
  const seconds = Math.floor(clock.now() / 1000);
  const keyId = textMember(content, "private_key_id");
  const claims = {
    iss: issuer,
    scope: SCOPE,
    aud: textMember(content, "token_uri") ?? TOKEN_URI,
    iat: seconds,
    exp: seconds + HOUR_S,
  };
  const head = { alg: "RS256", typ: "JWT", ...(keyId !== undefined && { kid: keyId }) };
  const unsigned = [head, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  try {
    const signature = createSign("RSA-SHA256").update(unsigned).sign(key, "base64url");
    return {
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      assertion: `${unsigned}.${signature}`,
    };
  } catch {
    return undefined;
  }
}

function refresh(content: JsonObject): Record<string, string> | undefined {
  const [id, secret, token] = ["client_id", "client_secret", "refresh_token"].map((name) =>
    textMember(content, name),
  );
  return id !== undefined && secret !== undefined && token !== undefined
    ? { grant_type: "refresh_token", client_id: id, client_secret: secret, refresh_token: token }
    : undefined;
}

/** A token of the machine's account. No proxy reaches the metadata server. */
async function ofMachine(
  { environment, where, clock }: GoogleOptions,
  signal: AbortSignal,
): Promise<GoogleToken> {
  const host = valueOf(environment, "GCE_METADATA_HOST") ?? METADATA;
  const url = URL.parse(`http://${host}${METADATA_PATH}?${queryString({ scopes: SCOPE })}`);
  if (!url) throw new AgentError("config", `${where}: GCE_METADATA_HOST is not an address`);
  const send = httpClient({ connections: 1, proxyEnvironment: {}, requestTimeoutMs: METADATA_MS });
  const headers = { "metadata-flavor": "Google" };
  try {
    const response = await send({ url, headers, maxBytes: MAX_BYTES }, signal);
    if (response.headers["metadata-flavor"] === "Google")
      return tokenOf(response, `${where}: the token of this machine at ${host}`, clock);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    // Only machines of Google resolve the name. There the server may be slow for a while.
    if (error.code === "timeout")
      throw new AgentError(
        "timeout",
        `${where}: no credentials are set, and the metadata server at ${host} did not answer in time`,
        { transient: true, cause: error },
      );
    if (error.code !== "unreachable") throw error;
  }
  throw new AgentError(
    "config",
    `${where}: no credentials are set: set GOOGLE_APPLICATION_CREDENTIALS or GOOGLE_ACCESS_TOKEN; this machine has no service account either (${host} does not answer)`,
  );
}

function tokenOf(response: HttpResponse, what: string, clock: Clock): GoogleToken {
  if (response.status !== 200) throw statusError(response, what, clock);
  const answer = parseJsonObject(response.body);
  const token = textMember(answer, "access_token");
  const seconds = answer["expires_in"];
  if (token === undefined) throw new AgentError("other", `${what}: the response has no token`);
  const lasts = typeof seconds === "number" && seconds > 0 ? seconds : HOUR_S;
  return { secret: new Secret(token), expiresAt: clock.now() + lasts * 1000, renews: true };
}
