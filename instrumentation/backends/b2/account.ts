import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import { isJsonObject, parseJsonObject } from "../../core/json.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Secret } from "../../core/secret.ts";
import type { HttpResponse, Send } from "../../http/client.ts";
import { foreignResponse } from "../../http/foreign-response.ts";
import { B2, b2Error } from "./errors.ts";
import { MissingPlaceError } from "../backend.ts";
import type { B2Location } from "./location.ts";

/** The authorization of an application key, which is valid for a day. */
export interface B2Account {
  readonly token: string;
  /** `<apiUrl>/b2api/v3/`. */
  readonly api: string;
  /** `<downloadUrl>/file/<bucket>/`. */
  readonly download: string;
  readonly bucketId: string;
  /** undefined: the response lists none. */
  readonly capabilities: readonly string[] | undefined;
  /** The key allows only names that begin with it. */
  readonly namePrefix: string;
  /** The response does not tell. */
  readonly expiresAt?: undefined;
}

export interface B2Login {
  /** `https://api.backblazeb2.com` */
  readonly api: URL;
  readonly keyId: Secret;
  readonly key: Secret;
}

/** restic uses v3. It rejects a key for several buckets (since 2025) with 400; v4 accepts such keys. */
const VERSIONS = ["v3", "v4"] as const;
type Version = (typeof VERSIONS)[number];

const MAX_BYTES = 1024 * 1024;

/**
 * Authorizes and gets the bucket's id: one request for a key that is restricted to buckets, else two.
 * @throws AgentError `denied` for a rejected key or one that is restricted to other buckets, `not_found` for a missing bucket
 */
export async function authorize(
  login: B2Login,
  { bucket }: B2Location,
  send: Send,
  clock: Clock,
  signal: AbortSignal,
): Promise<B2Account> {
  const { granted, version } = await ask(login, send, clock, signal);
  const { accountId, token, apiUrl, downloadUrl, buckets, capabilities, namePrefix } = granted;
  const api = `${apiUrl.origin}/b2api/${version}/`;
  const account = {
    token,
    api,
    download: `${downloadUrl.origin}/file/${bucket}/`,
    capabilities,
    namePrefix,
  };
  if (buckets) {
    const own = buckets.find(({ name }) => name === bucket);
    if (own) return { ...account, bucketId: own.id };
    const names = buckets.map(({ name }) => name ?? "a deleted bucket");
    throw new AgentError(
      "denied",
      `b2:${bucket}: the application key is restricted to other buckets: ${names.join(", ")}`,
    );
  }

  const what = `b2:${bucket} at ${apiUrl.host}`;
  const response = await send(
    {
      method: "POST",
      url: new URL(`${api}b2_list_buckets`),
      headers: { authorization: token, "content-type": "application/json" },
      body: Buffer.from(JSON.stringify({ accountId, bucketName: bucket })),
      maxBytes: MAX_BYTES,
    },
    signal,
  );
  const hint = "restrict the application key to this bucket, or add the capability listBuckets";
  if (response.status !== 200) throw b2Error(response, what, hint, clock);
  const listed = parseJsonObject(response.body)["buckets"];
  if (!Array.isArray(listed)) throw foreignResponse(what, response, B2);
  for (const entry of listed.filter(isJsonObject)) {
    const { bucketName, bucketId } = entry;
    if (bucketName === bucket && typeof bucketId === "string") return { ...account, bucketId };
  }
  throw new MissingPlaceError(`${what}: the bucket does not exist in the account of this key`);
}

async function ask(
  { api, keyId, key }: B2Login,
  send: Send,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ granted: Granted; version: Version }> {
  const what = `authorization at ${api.host}`;
  const login = `${keyId.revealText()}:${key.revealText()}`;
  const headers = { authorization: `Basic ${Buffer.from(login).toString("base64")}` };
  let response: HttpResponse | undefined;
  for (const version of VERSIONS) {
    const url = new URL(`/b2api/${version}/b2_authorize_account`, api);
    response = await send({ url, headers, maxBytes: MAX_BYTES }, signal);
    if (response.status === 400) continue;
    if (response.status !== 200) break;
    const granted = parseGranted(parseJsonObject(response.body), api);
    if (!granted) throw foreignResponse(what, response, B2);
    return { granted, version };
  }
  if (!response) throw new TypeError("no version was requested");
  const hint =
    "B2_ACCOUNT_ID and B2_ACCOUNT_KEY must be the id and the key of an existing application key";
  throw b2Error(response, what, hint, clock);
}

/** A response of v2, v3 or v4 in one form. */
interface Granted {
  readonly accountId: string;
  readonly token: string;
  readonly apiUrl: URL;
  readonly downloadUrl: URL;
  /** The buckets that the key is restricted to; a deleted one has no name. undefined: not restricted. */
  readonly buckets:
    | readonly { readonly id: string; readonly name: string | undefined }[]
    | undefined;
  readonly capabilities: readonly string[] | undefined;
  readonly namePrefix: string;
}

/** v2 has all members at the top, and `allowed`; v3 has them in `apiInfo.storageApi`; v4 has `allowed` there, with several buckets. */
function parseGranted(answer: JsonObject, asked: URL): Granted | undefined {
  const { accountId, authorizationToken: token, apiInfo } = answer;
  const suite =
    isJsonObject(apiInfo) && isJsonObject(apiInfo["storageApi"]) ? apiInfo["storageApi"] : answer;
  const allowed = isJsonObject(suite["allowed"]) ? suite["allowed"] : suite;
  const apiUrl = address(suite["apiUrl"], asked);
  const downloadUrl = address(suite["downloadUrl"], asked);
  if (typeof accountId !== "string" || typeof token !== "string" || !apiUrl || !downloadUrl)
    return undefined;
  const { capabilities, namePrefix } = allowed;
  return {
    accountId,
    token,
    apiUrl,
    downloadUrl,
    buckets: parseBuckets(allowed),
    capabilities: Array.isArray(capabilities)
      ? capabilities.filter((capability) => typeof capability === "string")
      : undefined,
    namePrefix: typeof namePrefix === "string" ? namePrefix : "",
  };
}

function parseBuckets({ buckets, bucketId, bucketName }: JsonObject): Granted["buckets"] {
  const entries: readonly unknown[] = Array.isArray(buckets)
    ? buckets
    : [{ id: bucketId, name: bucketName }];
  const known = entries
    .filter(isJsonObject)
    .flatMap(({ id, name }) =>
      typeof id === "string" ? [{ id, name: typeof name === "string" ? name : undefined }] : [],
    );
  return known.length > 0 ? known : undefined;
}

/** The token is sent there: only by https, unless the API itself uses http (in tests). */
function address(value: unknown, asked: URL): URL | undefined {
  const url = typeof value === "string" ? URL.parse(value) : null;
  return url && (url.protocol === "https:" || url.protocol === asked.protocol) ? url : undefined;
}
