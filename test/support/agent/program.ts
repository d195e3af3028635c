import { execFile } from "node:child_process";
import { join } from "node:path";

const MAIN = join(import.meta.dirname, "../../../src/main.ts");

/** How the agent ended as a program. */
export interface Ended {
  /** Null if a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface ProgramOptions {
  /** Beside the path; nothing else of the environment of the tests reaches it. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A script that runs before. */
  readonly preload?: string;
}

/** Runs the agent until it ends of its own accord. */
export function runAgent(
  args: readonly string[],
  { env = {}, cwd, preload = "" }: ProgramOptions = {},
): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  execFile(
    process.execPath,
    ["--import", `data:text/javascript,${preload}`, "--conditions=source", MAIN, ...args],
    {
      env: { PATH: process.env["PATH"], ...env },
      ...(cwd !== undefined && { cwd }),
      maxBuffer: 2 ** 26,
    },
    (error, stdout, stderr) => {
      const code = error ? error.code : 0;
      resolve({ code: typeof code === "number" ? code : null, stdout, stderr });
    },
  );
  return promise;
}
