import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { parseLocation } from "../../../instrumentation/backends/location.ts";
import { openS3 } from "../../../instrumentation/backends/s3/s3.ts";
import type { LoadProviders } from "../../../instrumentation/backends/s3/sdk-profile.ts";
import { contextOf } from "./backend-context.ts";
import type { ContextOptions } from "./backend-context.ts";

interface S3Options extends ContextOptions {
  readonly idleMs?: number;
  readonly loadProviders?: LoadProviders;
}

/** The backend of an `s3:` repository string, without retries. */
export function openS3At(
  repo: string,
  { idleMs, loadProviders, ...options }: S3Options = {},
): Promise<Backend> {
  const location = parseLocation(repo);
  if (location.scheme !== "s3") throw new Error(`${repo} is not an S3 location`);
  return openS3(location, contextOf("s3", options), { idleMs, loadProviders });
}
