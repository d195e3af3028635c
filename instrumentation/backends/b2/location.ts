import { posix } from "node:path";

import type { AgentError } from "../../core/error.ts";

export interface B2Location {
  readonly scheme: "b2";
  readonly bucket: string;
  /** Normalised, without leading and trailing slash; empty: the root of the bucket. */
  readonly prefix: string;
}

/** restic's rule, which is narrower than Backblaze's. */
const BUCKET = /^[A-Za-z0-9-]{6,50}$/;

/**
 * The part behind `b2:`, as restic reads it: `bucket` or `bucket:prefix`.
 * @param invalid makes the error for a problem
 */
export function parseB2(address: string, invalid: (problem: string) => AgentError): B2Location {
  const [, bucket = "", prefix = ""] = /^([^:]*):?(.*)$/s.exec(address) ?? [];
  if (bucket === "") throw invalid("the bucket is missing, expected b2:bucket:prefix");
  if (bucket.includes("/"))
    throw invalid("bucket and prefix need a colon between them, expected b2:bucket:prefix");
  if (!BUCKET.test(bucket))
    throw invalid("the bucket name is not valid: expected 6 to 50 letters, digits and dashes");
  const clean = posix.join(prefix).replace(/^\//, "").replace(/\/$/, "");
  if (/^\.\.(\/|$)/.test(clean)) throw invalid("the prefix leaves the bucket");
  if (/\p{Cc}/u.test(clean)) throw invalid("control characters are not allowed");
  return { scheme: "b2", bucket, prefix: clean === "." ? "" : clean };
}
