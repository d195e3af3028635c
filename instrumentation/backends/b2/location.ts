import { posix } from "node:path";

import type { AgentError } from "../../core/error.ts";

export interface B2Location {
  readonly scheme: "b2";
  readonly bucket: string;
  /** Cleaned, without a slash at either end; empty for the root of the bucket. */
  readonly prefix: string;
}

/** restic's rule, not Backblaze's: what it refuses it has not written. */
const BUCKET = /^[A-Za-z0-9-]{6,50}$/;

/**
 * What stands behind `b2:`, as restic reads it: `bucket` or `bucket:prefix`.
 * @param invalid makes the error for a problem
 */
export function parseB2(address: string, invalid: (problem: string) => AgentError): B2Location {
  const [, bucket = "", prefix = ""] = /^([^:]*):?(.*)$/s.exec(address) ?? [];
  if (bucket === "") throw invalid("it names no bucket: b2:bucket:prefix");
  if (bucket.includes("/")) throw invalid("a colon parts bucket and prefix: b2:bucket:prefix");
  if (!BUCKET.test(bucket))
    throw invalid(`"${bucket}" is not the name of a bucket: 6 to 50 letters, digits and dashes`);
  const clean = posix.join(prefix).replace(/^\//, "").replace(/\/$/, "");
  if (/^\.\.(\/|$)/.test(clean)) throw invalid("the prefix leads out of the bucket");
  if (/\p{Cc}/u.test(clean)) throw invalid("it holds a control character");
  return { scheme: "b2", bucket, prefix: clean === "." ? "" : clean };
}
