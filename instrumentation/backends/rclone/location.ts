import type { AgentError } from "../../core/error.ts";

export interface RcloneLocation {
  readonly scheme: "rclone";
  /** As rclone takes it: `remote:path`, or `:s3,access_key_id=…:bucket` with credentials in it. */
  readonly remote: string;
  /** The same without credentials. */
  readonly printable: string;
}

/**
 * What stands behind `rclone:`. What it means is rclone's to say.
 * @param invalid makes the error for a problem
 * @param printable the whole repository string without credentials
 */
export function parseRclone(
  remote: string,
  invalid: (problem: string) => AgentError,
  printable: string,
): RcloneLocation {
  if (remote === "") throw invalid("it names no remote: rclone:remote:path");
  // rclone would take it for an option.
  if (remote.startsWith("-")) throw invalid("the remote must not begin with -");
  if (remote.includes("\0")) throw invalid("it holds a control character");
  return { scheme: "rclone", remote, printable };
}
