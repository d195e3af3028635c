import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Samples } from "./samples.ts";
import { startServer } from "../http/server.ts";
import type { Server } from "../http/server.ts";
import { until } from "../core/until.ts";

const MAIN = join(import.meta.dirname, "../../../src/main.ts");

/** The agent as a process of its own, with a settings file that a test writes. */
export interface RunningAgent extends Server {
  /** Where its settings file is. */
  readonly folder: string;
  /** Replaces the settings file; SIGHUP makes the agent read it. */
  configure(settings: unknown): Promise<void>;
  /** Reads the settings file again and waits until the log says how that ended. */
  reload(): Promise<void>;
  /** What /metrics says now. */
  scrape(): Promise<Samples>;
  /** Collects, and gives what /metrics says then. */
  collect(): Promise<Samples>;
}

interface AgentOptions {
  /** Beside the path; nothing else of the environment of the tests reaches it. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: that of the tests. */
  readonly cwd?: string;
}

/** Starts the agent on a free port of loopback; it is ready when it listens. */
export async function startAgent(
  settings: unknown,
  { env = {}, cwd }: AgentOptions = {},
): Promise<RunningAgent> {
  const folder = await mkdtemp(join(tmpdir(), "agent-"));
  const file = join(folder, "config.json");
  const configure = (next: unknown): Promise<void> =>
    writeFile(file, typeof next === "string" ? next : JSON.stringify(next));
  await configure(settings);
  const server = await startServer({
    command: process.execPath,
    args: ["--conditions=source", MAIN, "--config", file, "--bind", "127.0.0.1:0"],
    announces: /msg=listening address=(\S+)/,
    url: (address) => `http://${address}`,
    env: { PATH: process.env["PATH"], ...env },
    ...(cwd !== undefined && { cwd }),
  });

  const scrape = async (): Promise<Samples> => {
    const response = await fetch(`${server.url}/metrics`);
    const body = await response.text();
    if (!response.ok) throw new Error(`${response.status}: ${body}`);
    return new Samples(body);
  };
  const finished = async (): Promise<number | undefined> => {
    const response = await fetch(`${server.url}/metrics`);
    const samples = new Samples(response.ok ? await response.text() : "");
    return samples.value("backup_job_last_success_unixtime");
  };

  return {
    ...server,
    folder,
    configure,
    scrape,
    async reload() {
      const seen = server.log().length;
      server.kill("SIGHUP");
      await until("a reload", async () =>
        /settings reloaded|settings refused/.test(server.log().slice(seen)),
      );
    },
    async collect() {
      await until("a collection", async () => (await finished()) !== undefined);
      const before = await finished();
      server.kill("SIGUSR1");
      await until("a collection", async () => (await finished()) !== before);
      return scrape();
    },
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
