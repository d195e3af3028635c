import { AgentError } from "../../core/error.ts";
import { parseBool } from "../../core/parse-text.ts";
import type { HttpResponse } from "../../http/client.ts";
import { httpClient } from "../../http/client.ts";
import { foreignResponse } from "../../http/foreign-response.ts";
import { awsKeys, isSame } from "./credentials.ts";
import { signedHeaders } from "./signature-v4.ts";
import type { AwsCredentials } from "./signature-v4.ts";
import type { Backend } from "../backend.ts";
import { httpOptions } from "../http-options.ts";
import { MAX_PAGE_BYTES, objectStoreBackend } from "../object-store/object-store.ts";
import type { BackendContext } from "../context.ts";
import { GUESSED_REGION, s3Address } from "./address.ts";
import {
  isOfAnotherRegion,
  OLD_LISTING,
  REFUSED_KEYS,
  s3Error,
  s3Failure,
  s3Region,
} from "./errors.ts";
import type { S3Failure } from "./errors.ts";
import { listQuery, parseListing } from "./listing.ts";
import type { S3Location } from "./location.ts";
import type { LoadProviders } from "./sdk-profile.ts";

const SKEWED = "RequestTimeTooSkewed";

interface Request {
  /** Empty: the bucket. */
  readonly key: string;
  /** The object or folder, for messages. */
  readonly name: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly maxBytes: number;
}

interface S3Options {
  readonly idleMs?: number | undefined;
  readonly loadProviders?: LoadProviders | undefined;
}

/**
 * A bucket of Amazon S3, or of a server with the same API.
 * @throws AgentError `config` for unusable options and variables
 */
export async function openS3(
  location: S3Location,
  context: BackendContext,
  { idleMs, loadProviders }: S3Options = {},
): Promise<Backend> {
  const { environment, options, clock } = context;
  const { endpoint, bucket, prefix } = location;
  const where = `${endpoint}/${bucket}/`;
  const old = parseBool(options["s3.list-objects-v1"] ?? "") === true;
  const address = s3Address(location, environment, options);
  // A redirect means that the bucket is in another region; its Location does not tell which.
  const send = httpClient({ ...(await httpOptions(context, idleMs)), followRedirects: false });
  const keys =
    parseBool(options["s3.unsafe-anonymous-auth"] ?? "") === true
      ? undefined
      : awsKeys({ environment, region: address.region, where, send, clock, loadProviders });

  /** Detected once and kept between collections. */
  let region = address.region ?? GUESSED_REGION;
  /** The server's clock minus ours. */
  let aheadMs = 0;

  async function exchange(
    { key, query, maxBytes }: Request,
    used: AwsCredentials | undefined,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const url = address.url(region, key, query);
    const at = clock.now() + aheadMs;
    const signed = { method: "GET", url, service: "s3", region, at } as const;
    return send({ url, headers: used ? signedHeaders(signed, used) : {}, maxBytes }, signal);
  }

  /** Corrects a guessed region, a wrong clock and replaced keys, each once. */
  async function get(request: Request, signal: AbortSignal): Promise<HttpResponse> {
    const tried = new Set<"region" | "clock" | "keys">();
    let used = await keys?.current(signal);
    for (;;) {
      const asked = region;
      const response = await exchange(request, used, signal);
      if (response.status === 200) return response;
      const failure = s3Failure(response);
      const { code, serverTime } = failure;
      if (!tried.has("region") && (await isElsewhere(response, failure, asked, used, signal))) {
        tried.add("region");
      } else if (!tried.has("clock") && code === SKEWED && serverTime !== undefined) {
        tried.add("clock");
        aheadMs = serverTime - clock.now();
      } else {
        const renewed =
          used && !tried.has("keys") && REFUSED_KEYS.has(code)
            ? await otherKeys(used, signal)
            : undefined;
        const what = where + request.name;
        const isNewListing = request.query?.["list-type"] !== undefined;
        const about = { what, bucket, region: asked, isNewListing };
        if (!renewed) throw s3Error(response, failure, about, clock);
        tried.add("keys");
        used = renewed;
      }
    }
  }

  /** undefined: there are no other keys than the rejected ones. */
  async function otherKeys(
    rejected: AwsCredentials,
    signal: AbortSignal,
  ): Promise<AwsCredentials | undefined> {
    keys?.forget(rejected);
    const found = await keys?.current(signal);
    return found && !isSame(found, rejected) ? found : undefined;
  }

  /** true: another region is to be tried. A configured region is never corrected: restic would not find the bucket either. */
  async function isElsewhere(
    response: HttpResponse,
    failure: S3Failure,
    asked: string,
    used: AwsCredentials | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (address.region !== undefined) return false;
    if (region !== asked) return true;
    if (failure.region !== undefined && failure.region !== asked) region = failure.region;
    else if (isOfAnotherRegion(response, failure) || failure.code === "SignatureDoesNotMatch") {
      const query = { location: "" };
      const located = await exchange(
        { key: "", name: "", query, maxBytes: MAX_PAGE_BYTES },
        used,
        signal,
      );
      region = s3Region(located) ?? asked;
    }
    return region !== asked;
  }

  return objectStoreBackend(context, {
    where,
    prefix,
    async list({ folder, prefix: wanted, deep }, from, signal) {
      const listing = { prefix: wanted, deep, old };
      const query = listQuery(listing, from);
      const response = await get(
        { key: "", name: folder, query, maxBytes: MAX_PAGE_BYTES },
        signal,
      );
      const page = parseListing(response.body, listing);
      if (!page) throw foreignResponse(where + folder, response, "an S3 server");
      const { objects, next, endsEarly } = page;
      if (endsEarly)
        throw new AgentError(
          "other",
          `${where}${folder}: the listing is incomplete, and the server does not say how to continue it${old ? "" : `; ${OLD_LISTING}`}`,
        );
      return { objects, next, receivedBytes: response.body.length };
    },
    async load(name, maxBytes, signal) {
      return (await get({ key: name, name, maxBytes }, signal)).body;
    },
  });
}
