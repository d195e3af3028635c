import { AgentError } from "../core/error.ts";
import { Secret } from "../core/secret.ts";
import type { SecretResolver } from "../core/secret.ts";
import { trim } from "./trim.ts";

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 64 * 1024;

function isCommand(reference: unknown): reference is readonly [string, ...string[]] {
  return (
    Array.isArray(reference) &&
    reference.length > 0 &&
    reference.every((part) => typeof part === "string" && !part.includes("\0")) &&
    reference[0] !== ""
  );
}

/** `{command: [program, argument, …]}`: what a program prints, without a shell, white space at both ends removed. */
export const command: SecretResolver = {
  scheme: "command",
  check: (reference) =>
    isCommand(reference) ? undefined : "must be a list of program and arguments",
  async resolve(reference, signal) {
    if (!isCommand(reference))
      throw new AgentError("secret", "the command is not a list of program and arguments");
    const [program, ...args] = reference;
    const secret = new Secret(trim(await run(program, args, signal)));
    if (secret.isEmpty) throw new AgentError("secret", `the command ${program} prints nothing`);
    return secret;
  },
};

/** Errors of the child name the program alone: arguments and output may be secret, also in the cause. */
async function run(program: string, args: readonly string[], signal: AbortSignal): Promise<Buffer> {
  // An application that embeds this loads it for nothing otherwise, and it takes as long as all else.
  const { execFile } = await import("node:child_process");
  const options = {
    encoding: "buffer",
    timeout: TIMEOUT_MS,
    maxBuffer: MAX_BYTES,
    signal,
  } as const;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const child = execFile(program, [...args], options, (error, stdout) => {
    if (!error) resolve(stdout);
    else reject(new AgentError("secret", `the command ${program} ${reasonOf(error)}`));
  });
  // Nobody is there to be asked.
  child.stdin?.on("error", () => {}).end();
  return promise;
}

function reasonOf({
  code,
  killed,
  signal,
}: Readonly<{ code?: unknown; killed?: boolean | undefined; signal?: unknown }>): string {
  if (code === "ENOENT") return "is not there";
  if (code === "EACCES") return "may not be run";
  if (code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") return `prints more than ${MAX_BYTES} bytes`;
  if (code === "ABORT_ERR") return "was not waited for any longer";
  if (killed === true) return `does not end within ${TIMEOUT_MS / 1000} s`;
  return typeof code === "number" ? `ends with ${code}` : `is ended by ${String(signal)}`;
}
