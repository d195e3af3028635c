import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A server process that a test has started. */
export interface Server {
  /** The URL on which it listens, without a trailing slash. */
  readonly url: string;
  /** Standard output and standard error so far; complete only after stop(). */
  log(): string;
  /** Sends a signal unless the process has ended. */
  kill(signal: NodeJS.Signals): void;
  /** Resolves with the exit code when the process has ended; null: a signal ended it. Does not wait for its child processes. */
  readonly exit: Promise<number | null>;
  /** Sends SIGTERM and waits until the process has ended. Can be called twice. */
  stop(): Promise<void>;
}

interface ServerCommand {
  readonly command: string;
  /** Must select port 0, so that the server itself chooses a free port. */
  readonly args: readonly string[];
  /** Matches the address in the log of the server, as the first group. */
  readonly announces: RegExp;
  /** The URL for that address. */
  readonly url: (address: string) => string;
  /** Whether the server is ready, checked every 50 ms once the address is known. Default: ready when the address is known. */
  readonly ready?: (url: string) => Promise<boolean>;
  /** The complete environment. Default: the environment of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default: the working directory of this process. */
  readonly cwd?: string;
}

/** Starts a server with a temporary folder for its data, which stop() removes. */
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

/** Processes to kill at the end of the test process, if a test did not stop them. */
const running = new Set<ChildProcess>();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** Starts a server and waits until it is ready. Throws with its log if it ends, or is not ready within 30 s. */
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

/** Output of a process in a file, so that it takes no time of the test process before it is read. */
class Output {
  readonly fd: number;
  #whole: string | undefined;

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), "output-"));
    this.fd = openSync(join(folder, "output"), "a+");
    // The open file stays readable after its removal.
    rmSync(folder, { recursive: true });
  }

  text(): string {
    if (this.#whole !== undefined) return this.#whole;
    const bytes = Buffer.alloc(fstatSync(this.fd).size);
    return bytes.toString("utf8", 0, readSync(this.fd, bytes, 0, bytes.length, 0));
  }

  /** Closes the file. Later output is lost. */
  end(): void {
    this.#whole ??= this.text();
    closeSync(this.fd);
  }
}
