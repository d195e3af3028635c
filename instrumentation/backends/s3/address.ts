import { AgentError } from "../../core/error.ts";
import { encodeAws } from "./signature-v4.ts";
import { valueOf } from "../context.ts";
import type { Options, Variables } from "../context.ts";
import type { S3Location } from "./location.ts";

/** The region that is tried first; AWS answers with the right one. */
export const GUESSED_REGION = "us-east-1";

/** Hosts of Amazon that name a region: minio-go's rules (s3utils), which restic follows. */
const AMAZON_REGIONS = [
  /^s3-fips\.(?:dualstack\.)?([a-z0-9-]+)\.amazonaws\.com$/,
  /^s3\.dualstack\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/,
  /^s3[.-](?!external-1|fips\b|xpress|control|website-)([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/,
  /^(?:bucket|accesspoint)\.vpce-.*\.s3\.([a-z0-9-]+)\.vpce\.amazonaws\.com$/,
];
const AMAZON_WITHOUT_REGION: ReadonlySet<string> = new Set([
  "s3.amazonaws.com",
  "s3-external-1.amazonaws.com",
]);
/** Hosts that are used unchanged. */
const FIXED = /^(?:s3-fips\.|bucket\.vpce-|accesspoint\.vpce-)/;
const VIRTUAL = /^storage\.googleapis\.com$|aliyuncs\.com$/;

export interface S3Address {
  /** The region that the user or the host names. */
  readonly region: string | undefined;
  /** The URL of an object, or of the bucket for an empty key. Percent-encodes key and query. */
  readonly url: (region: string, key: string, query?: Readonly<Record<string, string>>) => URL;
}

/** @throws AgentError `config` for a host and a bucket that do not form a URL */
export function s3Address(
  { endpoint, bucket }: S3Location,
  environment: Variables,
  options: Options,
): S3Address {
  const { hostname, protocol, host } = new URL(endpoint);
  const named = AMAZON_REGIONS.map((pattern) => pattern.exec(hostname)?.[1]).find(Boolean);
  const amazon = named !== undefined || AMAZON_WITHOUT_REGION.has(hostname);
  const style = (options["s3.bucket-lookup"] || "auto").toLowerCase();
  // A certificate for *.s3.amazonaws.com is not valid for a.b.s3.amazonaws.com.
  const auto =
    (amazon || VIRTUAL.test(hostname)) && !(protocol === "https:" && bucket.includes("."));
  const virtual = style === "dns" || (style === "auto" && auto);

  function base(used: string): string {
    const china = used.startsWith("cn-") ? ".cn" : "";
    const dual = hostname.includes(".dualstack.") ? "dualstack." : "";
    const own = amazon && !FIXED.test(hostname) ? `s3.${dual}${used}.amazonaws.com${china}` : host;
    // The colon in a bucket of a tenant of Ceph is signed as %3A.
    return virtual ? `${protocol}//${bucket}.${own}/` : `${protocol}//${own}/${encodeAws(bucket)}/`;
  }

  const region = options["s3.region"] || valueOf(environment, "AWS_DEFAULT_REGION") || named;
  if (!URL.canParse(base(region ?? GUESSED_REGION)))
    throw new AgentError(
      "config",
      `${endpoint}: the bucket ${bucket} and the region ${region ?? "of the host"} do not form a valid host name: check the options s3.bucket-lookup and s3.region`,
    );
  return {
    region,
    url(used, key, query = {}) {
      const pairs = Object.entries(query).map((pair) => pair.map(encodeAws).join("="));
      const path = key.split("/").map(encodeAws).join("/");
      return new URL(`${base(used)}${path}${pairs.length > 0 ? `?${pairs.join("&")}` : ""}`);
    },
  };
}
