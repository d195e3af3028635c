import { posix } from "node:path";

import type { AgentError } from "../../core/error.ts";

export interface S3Location {
  readonly scheme: "s3";
  /** `https://host` or `http://host:port`, without user, path and slash. */
  readonly endpoint: string;
  readonly bucket: string;
  /** Cleaned, without a slash at the end; empty for the root of the bucket. */
  readonly prefix: string;
}

/** minio-go's rule (s3utils.CheckValidBucketName), which restic follows. */
const BUCKET = /^[A-Za-z0-9][\w.:-]{1,61}[A-Za-z0-9]$/;

/**
 * What stands behind `s3:`, as restic reads it: `https://host[:port]/bucket[/prefix]`, `http://…`, `host/bucket[/prefix]`
 * or `//host/bucket[/prefix]`; the last two are https. User, query and fragment of an address mean nothing to it.
 * @param invalid makes the error for a problem
 */
export function parseS3(address: string, invalid: (problem: string) => AgentError): S3Location {
  // restic takes whatever begins with http for a URL, also a host of that name.
  const whole = address.startsWith("http");
  const [, scheme = "https:", host = "", rest = ""] =
    (whole ? /^(https?:)\/\/([^/?#]+)([^?#]*)/ : /^()(?:\/\/)?([^/@]+)(.*)/s).exec(address) ?? [];
  const url = URL.parse(`${scheme || "https:"}//${host}`);
  if (!url)
    throw invalid("an address like s3:https://host:9000/bucket/prefix or s3:host/bucket is needed");
  const path = whole ? decode(rest, invalid) : rest;
  const [, bucket = "", prefix = ""] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? [];
  if (bucket === "") throw invalid("it names no bucket: s3:host/bucket/prefix");
  if (!BUCKET.test(bucket) || bucket.includes(".."))
    throw invalid(`"${bucket}" is not the name of a bucket`);
  const clean = posix.join(prefix).replace(/(?<=.)\/$/, "");
  if (/^\/?\.\.(\/|$)/.test(clean)) throw invalid("the prefix leads out of the bucket");
  return { scheme: "s3", endpoint: url.origin, bucket, prefix: clean === "." ? "" : clean };
}

function decode(path: string, invalid: (problem: string) => AgentError): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw invalid("the path has a % that begins no percent-encoding: write it %25");
  }
}
