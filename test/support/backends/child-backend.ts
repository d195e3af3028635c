import type { Backend } from "../../../instrumentation/backends/backend.ts";
import { parseLocation } from "../../../instrumentation/backends/location.ts";
import { openRclone } from "../../../instrumentation/backends/rclone/rclone.ts";
import { openSftp } from "../../../instrumentation/backends/sftp/sftp.ts";
import { contextOf } from "./backend-context.ts";
import type { ContextOptions } from "./backend-context.ts";

/** The backend of an `sftp:` or `rclone:` repository string, without retries. Child processes get the environment of the tests. */
export function openChildAt(repo: string, options: ContextOptions = {}): Backend {
  const location = parseLocation(repo);
  const context = contextOf(location.scheme, { processEnvironment: process.env, ...options });
  if (location.scheme === "sftp") return openSftp(location, context);
  if (location.scheme === "rclone") return openRclone(location, context);
  throw new Error(`${repo} is not an SFTP or rclone location`);
}
