import { parseBool } from "../../core/parse-bool.ts";
import type { HttpResponse } from "../../http/client.ts";
import { httpClient } from "../../http/client.ts";
import { awsKeys } from "./credentials.ts";
import { signedHeaders } from "./signature-v4.ts";
import type { AwsCredentials } from "./signature-v4.ts";
import { parseServerTime } from "../object-store/server-time.ts";
import { MAX_SIZE_BYTES } from "../backend.ts";
import type { Backend } from "../backend.ts";
import { httpOptions } from "../http-options.ts";
import { listingError, namingPlace, objectPath } from "../object-store/object-store.ts";
import type { BackendContext } from "../context.ts";
import { GUESSED_REGION, s3Address } from "./address.ts";
import { isOfAnotherRegion, notS3, REFUSED_KEYS, s3Error, s3Failure, s3Region } from "./errors.ts";
import type { S3Failure } from "./errors.ts";
import { listQuery, parseListing } from "./listing.ts";
import type { S3Location } from "./location.ts";

/** A page has 1,000 names of up to 1 KiB each, three times as long when encoded. */
const MAX_PAGE_BYTES = 8 * 1024 * 1024;

interface Request {
  /** Empty for the bucket. */
  readonly key: string;
  /** What is asked for, below the bucket. */
  readonly shown: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly maxBytes: number;
}

/**
 * A bucket of Amazon's S3, or of a server that speaks it.
 * @throws AgentError `config` for options and variables that are no use
 */
export async function openS3(
  location: S3Location,
  context: BackendContext,
  idleMs?: number,
): Promise<Backend> {
  const { environment, options, connections, clock } = context;
  const { endpoint, bucket, prefix } = location;
  const where = `${endpoint}/${bucket}/`;
  const root = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
  const old = parseBool(options["s3.list-objects-v1"] ?? "") === true;
  const address = s3Address(location, environment, options);
  // A redirect says that the bucket is in another region; its address alone does not tell which.
  const send = httpClient({ ...(await httpOptions(context, idleMs)), followRedirects: false });
  const keys =
    parseBool(options["s3.unsafe-anonymous-auth"] ?? "") === true
      ? undefined
      : awsKeys({ environment, region: address.region, where, send, clock });

  /** Found out once, kept from one collection to the next. */
  let region = address.region ?? GUESSED_REGION;
  /** What the server's clock is ahead of ours. */
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

  /** What can be mended without anybody's help, each once: a region that was guessed, a clock, keys that were exchanged. */
  async function ask(request: Request, signal: AbortSignal): Promise<HttpResponse> {
    const tried = new Set<"region" | "clock" | "keys">();
    let used = await keys?.current(signal);
    for (;;) {
      const asked = region;
      const response = await exchange(request, used, signal);
      if (response.status === 200) return response;
      const failure = s3Failure(response);
      if (!tried.has("region") && (await isElsewhere(response, failure, asked, used, signal))) {
        tried.add("region");
      } else if (
        !tried.has("clock") &&
        failure.code === "RequestTimeTooSkewed" &&
        readClock(response)
      ) {
        tried.add("clock");
      } else {
        const renewed =
          used && !tried.has("keys") && REFUSED_KEYS.has(failure.code)
            ? await keys?.renewed(used, signal)
            : undefined;
        const what = where + request.shown;
        if (!renewed) throw s3Error(response, failure, { what, bucket, region: asked }, clock);
        tried.add("keys");
        used = renewed;
      }
    }
  }

  /** True if there is another region to try. One that the user named is not corrected: restic would not find the bucket either. */
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
        { key: "", shown: "", query, maxBytes: MAX_PAGE_BYTES },
        used,
        signal,
      );
      region = s3Region(located) ?? asked;
    }
    return region !== asked;
  }

  function readClock({ headers }: HttpResponse): boolean {
    const theirs = parseServerTime(headers["date"]);
    if (theirs === undefined) return false;
    aheadMs = theirs - clock.now();
    return true;
  }

  return namingPlace(`${endpoint}/${bucket}`, {
    location: where + prefix,
    connections,
    async list(type, from, signal) {
      const listing = { prefix: `${root}${type}/`, deep: type === "data", old };
      const query = listQuery(listing, from);
      const shown = listing.prefix;
      const response = await ask({ key: "", shown, query, maxBytes: MAX_PAGE_BYTES }, signal).catch(
        (error: unknown) => {
          throw listingError(error);
        },
      );
      const page = parseListing(response.body, listing);
      if (!page) throw notS3(where + shown, response);
      return { ...page, receivedBytes: response.body.length };
    },
    async load(type, name, signal) {
      const key = root + objectPath(type, name);
      return (await ask({ key, shown: key, maxBytes: MAX_SIZE_BYTES[type] }, signal)).body;
    },
  });
}
