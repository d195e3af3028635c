import { execFile } from "node:child_process";

import { main, NODE } from "./installed.ts";

/** How the program ended, and its output. */
export interface Ended {
  /** Null if a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface ProgramOptions {
  /** The whole environment, but for PATH. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A script that runs before the agent, in its process. */
  readonly preload?: string;
}

/** Runs the installed agent until it ends by itself. */
export function runAgent(
  args: readonly string[],
  { env = {}, cwd, preload = "" }: ProgramOptions = {},
): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  execFile(
    NODE,
    ["--import", `data:text/javascript,${preload}`, main(), ...args],
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
