import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";

import { peerPath } from "../support/agent/peers.ts";
import { cpuOf, MAIN, peakOf, probe, residentOf, script } from "./measure.ts";
import { PASSWORD } from "./repositories.ts";

/** The option that the Dockerfile and the systemd unit set. */
export const SMALL_HEAP = { NODE_OPTIONS: "--max-semi-space-size=8" };

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Figures that only a process itself can measure. */
export interface Probed {
  /** The longest pause of the event loop since the last call. */
  readonly pauseMs: number;
  /** Memory in use after a garbage collection. */
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
 * Programs of three other libraries.
 * @param names of metrics, which have one series for each set
 * @param changing number of sets that get new values, ten times a second
 */
export function peersOf(
  names: readonly string[],
  sets: number,
  changing: number,
): Readonly<Record<string, Program>> {
  const args = [String(sets), String(changing), ...names];
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

/** A running program that prints its address. */
export class RunningProgram {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  /** @param probed the program runs on Node.js, and `ask` will be called */
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

/** Continues to read after the address, so that the program does not block on a full pipe. */
function addressOf({ stdout, stderr }: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = "";
    for (const output of [stdout, stderr]) {
      output?.setEncoding("utf8").on("data", (text: string) => {
        if (printed.length < 10_000) printed += text;
        const port = /(?:address=|http:\/\/)127\.0\.0\.1:(\d+)\s/.exec(printed)?.[1];
        if (port !== undefined) resolve(`http://127.0.0.1:${port}`);
      });
      output?.once("end", () => reject(new Error(`the program printed no address:\n${printed}`)));
    }
  });
}
