import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";

import { backupSetMetrics } from "../../instrumentation/restic/metrics/tables.ts";
import { peerPath } from "../support/agent/peers.ts";
import { cpuOf, MAIN, peakOf, probe, residentOf, script } from "./measure.ts";
import { PASSWORD } from "./repositories.ts";

/** The metrics of backup sets, of which peers have as many. */
export const NAMES = backupSetMetrics(false).map(({ name }) => name.replaceAll(".", "_"));

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** What only a program itself knows. */
export interface Probed {
  /** The longest time for which nothing else could run, since it was last asked. */
  readonly pauseMs: number;
  /** What lives, after a collection of the garbage. */
  readonly liveBytes: number;
}

/** The built agent with one repository, on a free port. */
export function agentOf(
  repository: string,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): Program {
  return {
    command: process.execPath,
    args: [MAIN, "--bind", "127.0.0.1:0", ...args],
    env: { RESTIC_REPOSITORY: repository, RESTIC_PASSWORD: PASSWORD, ...env },
  };
}

/**
 * Programs of three libraries that have as many series.
 * @param changing so many sets get new values ten times a second
 */
export function peersOf(sets: number, changing: number): Readonly<Record<string, Program>> {
  const args = [String(sets), String(changing), ...NAMES];
  const ofNode = (name: string): Program => ({
    command: process.execPath,
    args: [...script(`peers/${name}`), ...args],
  });
  return {
    client_golang: { command: peerPath("client-golang"), args },
    "prom-client": ofNode("prom-client"),
    "exporter-prometheus": ofNode("stock-exporter"),
  };
}

/** A program that says where it listens; it runs until it is stopped. */
export class RunningProgram {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  /** @param probed it runs on Node.js, and will be asked what only itself knows */
  static async start({ command, args, env }: Program, probed = false): Promise<RunningProgram> {
    const child = spawn(command, probed ? [...probe(), ...args] : args, {
      env: { PATH: process.env["PATH"], ...env },
      cwd: dirname(dirname(MAIN)),
      stdio: ["ignore", "pipe", "pipe", ...(probed ? (["ipc"] as const) : [])],
    });
    return new RunningProgram(child, await addressOf(child));
  }

  get pid(): number {
    return this.#child.pid ?? NaN;
  }

  get cpuSeconds(): number {
    return cpuOf(this.pid);
  }

  get peakBytes(): number {
    return peakOf(this.pid);
  }

  get residentBytes(): number {
    return residentOf(this.pid);
  }

  async ask(): Promise<Probed> {
    this.#child.send("");
    const [answer] = await once(this.#child, "message");
    return answer;
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
  }
}

/** Reads on, so that the program can go on writing. */
function addressOf({ stdout, stderr }: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    for (const output of [stdout, stderr]) {
      output?.setEncoding("utf8").on("data", (text: string) => {
        if (said.length < 10_000) said += text;
        const port = /(?:address=|http:\/\/)127\.0\.0\.1:(\d+)\s/.exec(said)?.[1];
        if (port !== undefined) resolve(`http://127.0.0.1:${port}`);
      });
      output?.once("end", () => reject(new Error(`the program does not listen:\n${said}`)));
    }
  });
}
