import { AgentError } from "../../core/error.ts";
import { encodeAws } from "./signature-v4.ts";
import type { Options } from "../context.ts";
import type { S3Location } from "./location.ts";
import { valueOf } from "../context.ts";
import type { Variables } from "../context.ts";

/** What a region is taken for that nobody names; AWS answers any other with the right one. */
export const GUESSED_REGION = "us-east-1";

/** minio-go's rules (s3utils), which restic follows: which hosts are Amazon's, and what region they name. */
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
/** Hosts that stay as they are. */
const FIXED = /^(?:s3-fips\.|bucket\.vpce-|accesspoint\.vpce-)/;
const VIRTUAL = /^storage\.googleapis\.com$|aliyuncs\.com$/;

/** Where a bucket is asked for. */
export interface S3Address {
  /** What the user says, or the host. */
  readonly region: string | undefined;
  /** The address of an object, or of the bucket for an empty key; query values are encoded here. */
  readonly url: (region: string, key: string, query?: Readonly<Record<string, string>>) => URL;
}

/** @throws AgentError `config` for a host and bucket that make no address */
export function s3Address(
  { endpoint, bucket }: S3Location,
  environment: Variables,
  options: Options,
): S3Address {
  const { hostname, protocol, host } = new URL(endpoint);
  const named = AMAZON_REGIONS.map((pattern) => pattern.exec(hostname)?.[1]).find(Boolean);
  const amazon = named !== undefined || AMAZON_WITHOUT_REGION.has(hostname);
  const style = (options["s3.bucket-lookup"] || "auto").toLowerCase();
  // A certificate for *.s3.amazonaws.com is none for a.b.s3.amazonaws.com.
  const auto =
    (amazon || VIRTUAL.test(hostname)) && !(protocol === "https:" && bucket.includes("."));
  const virtual = style === "dns" || (style === "auto" && auto);

  function base(used: string): string {
    const china = used.startsWith("cn-") ? ".cn" : "";
    const dual = hostname.includes(".dualstack.") ? "dualstack." : "";
    const own = amazon && !FIXED.test(hostname) ? `s3.${dual}${used}.amazonaws.com${china}` : host;
    return virtual ? `${protocol}//${bucket}.${own}/` : `${protocol}//${own}/${bucket}/`;
  }

  const region = options["s3.region"] || valueOf(environment, "AWS_DEFAULT_REGION") || named;
  if (!URL.canParse(base(region ?? GUESSED_REGION)))
    throw new AgentError(
      "config",
      `${endpoint}: neither ${bucket} nor ${region ?? "the region"} may be in the name of the host: s3.bucket-lookup and s3.region decide on it`,
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
