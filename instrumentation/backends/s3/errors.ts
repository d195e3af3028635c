import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import type { HttpResponse } from "../../http/client.ts";
import { statusError } from "../../http/status-error.ts";
import { MissingPlaceError } from "../backend.ts";
import { httpDate, parseServerTime } from "../object-store/server-time.ts";
import { childText, parseXml } from "../object-store/xml.ts";

/** S3's error response. Its message is not shown: it may contain anything. */
export interface S3Failure {
  /** `AccessDenied`; undefined: not an S3 response. */
  readonly code: string | undefined;
  /** The region of the bucket, if the response names it. */
  readonly region: string | undefined;
  /** A quota of the account, or a cap on its costs, is exceeded. */
  readonly isOverQuota: boolean;
  /** The server's clock, milliseconds since the epoch; undefined: the response does not tell. */
  readonly serverTime: number | undefined;
}

/** Ceph has a code for it, Backblaze only words after AccessDenied. */
const OVER_QUOTA = /\bquota|\bcaps? (?:is |was )?exceeded/i;
const MAX_WORDS = 500;

const REGION = /^[a-z0-9][a-z0-9-]{1,40}$/;

export function s3Failure({ headers, body }: HttpResponse): S3Failure {
  const root = parseXml(body);
  const error = root?.name === "Error" ? root : undefined;
  const code = childText(error, "Code");
  const words = `${code} ${childText(error, "Message")}`.slice(0, MAX_WORDS);
  const region = headers["x-amz-bucket-region"] ?? childText(error, "Region") ?? "";
  return {
    code: code !== undefined && /^[A-Za-z][\w.]{1,60}$/.test(code) ? code : undefined,
    region: REGION.test(region) ? region : undefined,
    isOverQuota: OVER_QUOTA.test(words),
    serverTime: parseServerTime(childText(error, "ServerTime")) ?? parseServerTime(headers["date"]),
  };
}

/** The region in a response of GetBucketLocation, successful or not; undefined: none. */
export function s3Region(response: HttpResponse): string | undefined {
  if (response.status !== 200) return s3Failure(response).region;
  const root = parseXml(response.body);
  if (root?.name !== "LocationConstraint") return undefined;
  const name = root.text.trim();
  if (name === "") return "us-east-1";
  if (name === "EU") return "eu-west-1";
  return REGION.test(name) ? name : undefined;
}

/** The request was signed for another region. */
const REGIONS: ReadonlySet<string | undefined> = new Set([
  "AuthorizationHeaderMalformed",
  "InvalidRegion",
  "IllegalLocationConstraintException",
  "PermanentRedirect",
]);

const KEYS = "the keys must belong to an existing account";
const UNKNOWN = "the server does not know the access key";
const EXPIRED = "the session token has expired, set new keys";

/** The keys are unknown or expired: the codes, with advice. */
export const REFUSED_KEYS: ReadonlyMap<string | undefined, string> = new Map([
  ["ExpiredToken", EXPIRED],
  ["ExpiredTokenException", EXPIRED],
  ["InvalidAccessKeyId", UNKNOWN],
  ["InvalidClientTokenId", KEYS],
  ["InvalidToken", KEYS],
  ["RequestExpired", EXPIRED],
  ["SignatureDoesNotMatch", "the secret key does not belong to the access key"],
  ["TokenRefreshRequired", EXPIRED],
  // versitygw's code.
  ["XAdminUserNotFound", UNKNOWN],
]);

const PASSING: ReadonlySet<string | undefined> = new Set([
  "InternalError",
  "RequestLimitExceeded",
  "RequestTimeout",
  "RequestThrottled",
  "ServiceUnavailable",
  "SlowDown",
  "SlowDownRead",
  "Throttling",
  "ThrottlingException",
]);

export function isOfAnotherRegion({ status }: HttpResponse, { code, region }: S3Failure): boolean {
  return REGIONS.has(code) || ((status === 301 || status === 400) && region !== undefined);
}

interface Asked {
  /** The object or folder with its URL. */
  readonly what: string;
  readonly bucket: string;
  /** The region that the request was signed for. */
  readonly region: string;
  /** The request was ListObjectsV2. */
  readonly isNewListing: boolean;
}

/** Hint for a server that only knows ListObjects, version 1. */
export const OLD_LISTING =
  "if the server only knows ListObjects, set the option s3.list-objects-v1 to true";

/** The error for a status other than 200. */
export function s3Error(
  response: HttpResponse,
  failure: S3Failure,
  { what, bucket, region, isNewListing }: Asked,
  clock: Clock,
): AgentError {
  const { status } = response;
  const { code } = failure;
  const said = code === undefined ? `${status}` : `${status} ${code}`;
  if (code === "NoSuchBucket")
    return new MissingPlaceError(`${what}: the bucket ${bucket} does not exist (${said})`);
  if (code === "RequestTimeTooSkewed")
    return new AgentError(
      "denied",
      `${what}: access denied (${said}): ${skew(failure.serverTime, clock)}`,
    );
  const refused = REFUSED_KEYS.get(code);
  if (refused !== undefined)
    return new AgentError("denied", `${what}: access denied (${said}): ${refused}`);
  if (code === "InvalidObjectState")
    return new AgentError("other", `${what}: the object is archived, restore it first (${said})`);
  if (isOfAnotherRegion(response, failure)) {
    const right = failure.region === undefined ? "another region" : `the region ${failure.region}`;
    return new AgentError(
      "config",
      `${what}: the bucket is in ${right}, not in ${region} (${said}): set the option s3.region, or AWS_DEFAULT_REGION`,
    );
  }
  if (failure.isOverQuota && status === 403)
    return new AgentError(
      "denied",
      `${what}: a quota or cap of the account is exceeded (${said}): raise it at the provider, or wait until it is reset`,
    );
  if (status === 401 || status === 403)
    return new AgentError(
      "denied",
      `${what}: access denied (${said}): grant s3:ListBucket on the bucket and s3:GetObject on its objects`,
    );
  if (status >= 300 && status <= 399) {
    const target = URL.parse(response.headers["location"] ?? "")?.origin ?? "an invalid address";
    return new AgentError(
      "config",
      `${what}: the server redirects to ${target} (${said}), where the signature is not valid: write the right address into the repository string`,
    );
  }
  if (PASSING.has(code) && status < 500 && status !== 429)
    return new AgentError("unreachable", `${what}: the server answers ${said}`, {
      transient: true,
    });
  // The server does not know the request.
  if (status === 405 || status === 501 || code === "InvalidArgument" || code === "InvalidRequest")
    return new AgentError(
      "other",
      `${what}: the server answers ${said}${isNewListing ? `; ${OLD_LISTING}` : ""}`,
    );
  if (code !== undefined && code !== "NoSuchKey" && status >= 400 && status < 500 && status !== 429)
    return new AgentError("other", `${what}: the server answers ${said}`);
  return statusError(response, what, clock);
}

function skew(serverTime: number | undefined, clock: Clock): string {
  if (serverTime === undefined)
    return "the clocks of this machine and of the server differ too much";
  const [ours, theirs] = [clock.now(), serverTime].map(httpDate);
  return `the clock of this machine shows ${ours}, that of the server ${theirs}: set the wrong one`;
}
