import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach } from "vitest";

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

/** An empty folder for each test, where the agent runs with settings of the test. */
export class ProgramFolder {
  path = "";

  constructor() {
    beforeEach(async () => {
      this.path = await mkdtemp(join(tmpdir(), "program-"));
    });
    afterEach(() => rm(this.path, { recursive: true }));
  }

  /** Runs the installed agent with these settings as its file, which the output calls FILE. @param settings text, or a value for JSON */
  async run(
    settings: unknown,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Ended> {
    const file = join(this.path, "config.json");
    await writeFile(file, typeof settings === "string" ? settings : JSON.stringify(settings));
    const { code, stdout, stderr } = await runAgent(["--config", file, ...args], { env });
    return { code, stdout, stderr: stderr.replaceAll(file, "FILE") };
  }
}
