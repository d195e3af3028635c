import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A server process that a test has started. */
export interface Server {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  /** What it has written to standard output and standard error so far; whole only after stop(). */
  log(): string;
  /** Sends a signal; nothing if the process is gone. */
  kill(signal: NodeJS.Signals): void;
  /** Resolves with the exit code when the process is gone; null if a signal ended it. What it has started itself is not awaited. */
  readonly exit: Promise<number | null>;
  /** Sends SIGTERM and waits until the process is gone. May be called twice. */
  stop(): Promise<void>;
}

interface ServerCommand {
  readonly command: string;
  /** They tell the server to listen on port 0: it chooses a free one, and nobody can take it in between. */
  readonly args: readonly string[];
  /** Finds the address that the server says in its log, as the first group. */
  readonly announces: RegExp;
  /** The URL for that address. */
  readonly url: (address: string) => string;
  /** Whether it answers; asked every 50 ms once the address is known. Without it the address is enough. */
  readonly ready?: (url: string) => Promise<boolean>;
  /** Its whole environment. Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default: that of this process. */
  readonly cwd?: string;
}

/** Starts a server that keeps its data in a folder of its own, which goes when it is stopped. */
export async function startServerWithFolder(
  name: string,
  command: (folder: string) => ServerCommand | Promise<ServerCommand>,
): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), `${name}-`));
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const server = await startServer(await command(folder));
    return {
      ...server,
      async stop() {
        await server.stop();
        await removeFolder();
      },
    };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 10_000;

/** None of them outlives the test process, not even one that was not stopped. */
const running = new Set<ChildProcess>();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** Starts a server and waits until it is ready; throws with its log if it ends or takes more than 30 s. */
export async function startServer({
  command,
  args,
  announces,
  url,
  ready,
  env = process.env,
  cwd,
}: ServerCommand): Promise<Server> {
  const output = new Output();
  const child = spawn(command, args, { stdio: ["ignore", output.fd, output.fd], env, cwd });
  await once(child, "spawn").catch((error: unknown) => {
    output.end();
    throw error;
  });
  running.add(child);
  const exit = once(child, "close").then(() => {
    running.delete(child);
    output.end();
    return child.exitCode;
  });
  const log = (): string => output.text();

  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const kill = setTimeout(() => child.kill("SIGKILL"), STOP_WITHIN_MS);
    await exit;
    clearTimeout(kill);
  };

  for (
    const start = performance.now();
    performance.now() - start < READY_WITHIN_MS;
    await delay(50)
  ) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    const address = announces.exec(log())?.[1];
    if (address === undefined) continue;
    if (ready && !(await ready(url(address)).catch(() => false))) continue;
    const kill = (signal: NodeJS.Signals): void => void child.kill(signal);
    return { url: url(address), log, kill, exit, stop };
  }
  await stop();
  throw new Error(`${command} did not become ready:\n${log()}`);
}

/** A file for what a process says: it takes no time of whoever started it until that asks for it. */
class Output {
  readonly fd: number;
  #whole: string | undefined;

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), "output-"));
    this.fd = openSync(join(folder, "output"), "a+");
    // What is open stays readable.
    rmSync(folder, { recursive: true });
  }

  text(): string {
    if (this.#whole !== undefined) return this.#whole;
    const bytes = Buffer.alloc(fstatSync(this.fd).size);
    return bytes.toString("utf8", 0, readSync(this.fd, bytes, 0, bytes.length, 0));
  }

  /** What is said later is lost. */
  end(): void {
    this.#whole ??= this.text();
    closeSync(this.fd);
  }
}
