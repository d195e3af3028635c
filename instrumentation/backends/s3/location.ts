import { posix } from "node:path";

import type { AgentError } from "../../core/error.ts";
import { percentDecoded } from "../../core/parse-text.ts";

export interface S3Location {
  readonly scheme: "s3";
  /** `https://host` or `http://host:port`, without user, path and trailing slash. */
  readonly endpoint: string;
  readonly bucket: string;
  /** Normalised, without trailing slash; empty: the root of the bucket. */
  readonly prefix: string;
}

/** minio-go's rule (s3utils.CheckValidBucketName), which restic follows. */
const BUCKET = /^[A-Za-z0-9][\w.:-]{1,61}[A-Za-z0-9]$/;

/**
 * The part behind `s3:`, as restic reads it: `https://host[:port]/bucket[/prefix]`, `http://…`, `host/bucket[/prefix]`
 * or `//host/bucket[/prefix]`; the last two are https. restic ignores user, query and fragment.
 * @param invalid makes the error for a problem
 */
export function parseS3(address: string, invalid: (problem: string) => AgentError): S3Location {
  // restic takes any address that begins with http for a URL, even if http is the host name.
  const whole = address.startsWith("http");
  const [, scheme = "https:", host = "", rest = ""] =
    (whole ? /^(https?:)\/\/([^/?#]+)([^?#]*)/ : /^()(?:\/\/)?([^/@]+)(.*)/s).exec(address) ?? [];
  const url = URL.parse(`${scheme || "https:"}//${host}`);
  if (!url)
    throw invalid(
      "the address is invalid, expected s3:https://host:9000/bucket/prefix or s3:host/bucket/prefix",
    );
  const path = whole ? percentDecoded(rest) : rest;
  if (path === undefined) throw invalid("the path has an invalid percent-encoding: write % as %25");
  const [, bucket = "", prefix = ""] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? [];
  if (bucket === "") throw invalid("the bucket is missing, expected s3:host/bucket/prefix");
  if (!BUCKET.test(bucket) || bucket.includes("..")) throw invalid("the bucket name is not valid");
  const clean = posix.join(prefix).replace(/(?<=.)\/$/, "");
  if (/^\/?\.\.(\/|$)/.test(clean)) throw invalid("the prefix leaves the bucket");
  return { scheme: "s3", endpoint: url.origin, bucket, prefix: clean === "." ? "" : clean };
}
