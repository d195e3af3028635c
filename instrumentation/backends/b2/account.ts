import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import { isJsonObject, parseJsonObject } from "../../core/json.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Secret } from "../../core/secret.ts";
import type { HttpResponse, Send } from "../../http/client.ts";
import { b2Error, notB2 } from "./errors.ts";
import { MissingPlaceError } from "../backend.ts";
import type { B2Location } from "./location.ts";

/** What a key may do for a day, and where. */
export interface B2Account {
  readonly token: string;
  /** `<apiUrl>/b2api/v3/`. */
  readonly api: string;
  /** `<downloadUrl>/file/<bucket>/`. */
  readonly download: string;
  readonly bucketId: string;
  /** Undefined if the answer has none: then the server says it. */
  readonly capabilities: readonly string[] | undefined;
  /** What all names begin with that the key may see. */
  readonly namePrefix: string;
}

export interface B2Login {
  /** `https://api.backblazeb2.com` */
  readonly api: URL;
  readonly keyId: Secret;
  readonly key: Secret;
}

/** As restic asks. A key for a group of buckets (since 2025) is refused there with 400, and known to v4 alone. */
const VERSIONS = ["v3", "v4"] as const;
type Version = (typeof VERSIONS)[number];

const MAX_BYTES = 1024 * 1024;

/**
 * Authorizes, and finds out the bucket's id: one request for a key that is restricted to buckets, else two.
 * @throws AgentError `denied` for a key that is refused or restricted to other buckets, `not_found` for a bucket that is not there
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
    const names = buckets.map(({ name }) => name ?? "one that is not there any more");
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
  const hint =
    "restrict the application key to this bucket, or give it the capability listBuckets as well";
  if (response.status !== 200) throw b2Error(response, what, hint, clock);
  const listed = parseJsonObject(response.body)["buckets"];
  if (!Array.isArray(listed)) throw notB2(what, response);
  for (const entry of listed.filter(isJsonObject)) {
    const { bucketName, bucketId } = entry;
    if (bucketName === bucket && typeof bucketId === "string") return { ...account, bucketId };
  }
  throw new MissingPlaceError(
    `${what}: the bucket is not there: the account of this key has none of that name`,
  );
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
    if (!granted) throw notB2(what, response);
    return { granted, version };
  }
  if (!response) throw new TypeError("no version was asked for");
  const hint =
    "B2_ACCOUNT_ID and B2_ACCOUNT_KEY must be id and key of an application key that still exists";
  throw b2Error(response, what, hint, clock);
}

/** An answer of v2, v3 or v4 in one form. */
interface Granted {
  readonly accountId: string;
  readonly token: string;
  readonly apiUrl: URL;
  readonly downloadUrl: URL;
  /** The only ones that the key may use; one that was deleted has no name. */
  readonly buckets:
    | readonly { readonly id: string; readonly name: string | undefined }[]
    | undefined;
  readonly capabilities: readonly string[] | undefined;
  readonly namePrefix: string;
}

/** v2 has everything on one level and `allowed`; v3 has it in `apiInfo.storageApi`; v4 has `allowed` there, with many buckets. */
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

/** The token goes there: only by https, unless the API itself was named without (in tests). */
function address(value: unknown, asked: URL): URL | undefined {
  const url = typeof value === "string" ? URL.parse(value) : null;
  return url && (url.protocol === "https:" || url.protocol === asked.protocol) ? url : undefined;
}
