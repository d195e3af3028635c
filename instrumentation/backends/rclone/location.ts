import type { AgentError } from "../../core/error.ts";

export interface RcloneLocation {
  readonly scheme: "rclone";
  /** rclone's own syntax: `remote:path`, or `:s3,access_key_id=…:bucket`, which contains credentials. */
  readonly remote: string;
  /** The repository string without credentials. */
  readonly printable: string;
}

/**
 * The part behind `rclone:`, which only rclone interprets.
 * @param invalid makes the error for a problem
 * @param printable the whole repository string without credentials
 */
export function parseRclone(
  remote: string,
  invalid: (problem: string) => AgentError,
  printable: string,
): RcloneLocation {
  if (remote === "") throw invalid("the remote is missing, expected rclone:remote:path");
  // rclone would take such a remote for an option.
  if (remote.startsWith("-")) throw invalid("the remote must not begin with -");
  if (remote.includes("\0")) throw invalid("control characters are not allowed");
  return { scheme: "rclone", remote, printable };
}

/** The values of a remote's parameters, which may be secrets: `:s3,secret_access_key=…:bucket`. With and without quotes. And the password of `user:password@host:path`. */
export function parametersOf(remote: string): readonly string[] {
  const [, password] = /^[^:]*:([^/@]*)@[^/:]*:/.exec(remote) ?? [];
  const values = remote.matchAll(/=("(?:[^"]|"")*"|'(?:[^']|'')*'|[^,:]*)/g);
  const parameters = [...values].flatMap(([, value = ""]) =>
    /^["']/.test(value) ? [value, value.slice(1, -1)] : [value],
  );
  return password === undefined ? parameters : [...parameters, password];
}
