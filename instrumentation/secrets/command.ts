import { AgentError } from "../core/error.ts";
import { mapping, TEXT } from "../core/json-schema.ts";
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

const COMMAND = { type: "array", minItems: 1, items: TEXT };

/** `{command: [program, argument, …]}`: the output of a program, run without a shell, leading and trailing white space removed. */
export const command: SecretResolver = {
  scheme: "command",
  schema: mapping({ command: COMMAND }, ["command"]),
  check: (reference) =>
    isCommand(reference) ? undefined : "must be a list of a program and its arguments",
  async resolve(reference, signal) {
    if (!isCommand(reference))
      throw new AgentError("secret", "the command must be a list of a program and its arguments");
    const [program, ...args] = reference;
    const secret = new Secret(trim(await run(program, args, signal)));
    if (secret.isEmpty) throw new AgentError("secret", `${shown(program)} printed nothing`);
    return secret;
  },
};

/** Errors name the program only, and have no cause: arguments and output may be secret. */
async function run(program: string, args: readonly string[], signal: AbortSignal): Promise<Buffer> {
  // Imported late: loading it takes long, and most applications have no secret from a command.
  const { execFile } = await import("node:child_process");
  const options = {
    encoding: "buffer",
    timeout: TIMEOUT_MS,
    maxBuffer: MAX_BYTES,
    signal,
    env: inheritedVariables(),
  } as const;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const child = execFile(program, [...args], options, (error, stdout) => {
    if (!error) resolve(stdout);
    else reject(new AgentError("secret", `${shown(program, error.code)} ${reasonOf(error)}`));
  });
  // A program that prompts gets end-of-file.
  child.stdin?.on("error", () => {}).end();
  return promise;
}

/** A word that is no program may be the secret itself, a variable with its value, or a whole command line. */
function shown(program: string, code?: unknown): string {
  const isProgram = !/[\s=]/.test(program) && (program.includes("/") || code !== "ENOENT");
  return isProgram ? `the command ${program}` : "the command";
}

/** All but restic's passwords: a password manager needs its own variables, which may be secrets. */
function inheritedVariables(): NodeJS.ProcessEnv {
  const all = Object.entries(process.env);
  return Object.fromEntries(all.filter(([name]) => !name.startsWith("RESTIC_PASSWORD")));
}

function reasonOf({
  code,
  killed,
  signal,
}: Readonly<{ code?: unknown; killed?: boolean | undefined; signal?: unknown }>): string {
  if (code === "ENOENT") return "was not found";
  if (code === "EACCES") return "cannot be run: permission denied";
  if (code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") return `printed more than ${MAX_BYTES} bytes`;
  if (code === "ABORT_ERR") return "was aborted before it ended";
  if (killed === true) return `did not end within ${TIMEOUT_MS / 1000} s`;
  return typeof code === "number" ? `exited with ${code}` : `was killed by ${String(signal)}`;
}
