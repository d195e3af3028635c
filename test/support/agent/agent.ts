import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { main as installedMain, NODE } from "./installed.ts";
import { Samples } from "./samples.ts";
import { startServer } from "../http/server.ts";
import type { Server } from "../http/server.ts";
import { until } from "../core/until.ts";

/** The installed agent as a process of its own, with a settings file that the test writes. */
export interface RunningAgent extends Server {
  /** Holds the settings file. */
  readonly folder: string;
  /** Replaces the settings file; SIGHUP makes the agent read it. */
  configure(settings: unknown): Promise<void>;
  /** Reads the settings file again and waits until the log says how that ended. */
  reload(): Promise<void>;
  /** The samples of /metrics. */
  scrape(): Promise<Samples>;
  /** Collects, then scrapes. */
  collect(): Promise<Samples>;
}

interface AgentOptions {
  /** The whole environment, but for PATH. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the working directory of the tests. */
  readonly cwd?: string;
  /** Host and port. Default: a free port of loopback. */
  readonly bind?: string;
  /** The program. Default: that of the installed agent. */
  readonly main?: string;
}

/** Starts the agent on loopback and waits until it listens. */
export async function startAgent(
  settings: unknown,
  { env = {}, cwd, bind = "127.0.0.1:0", main = installedMain() }: AgentOptions = {},
): Promise<RunningAgent> {
  const folder = await mkdtemp(join(tmpdir(), "agent-"));
  const file = join(folder, "config.json");
  const configure = (next: unknown): Promise<void> =>
    writeFile(file, typeof next === "string" ? next : JSON.stringify(next));
  await configure(settings);
  const server = await startServer({
    command: NODE,
    args: [main, "--config", file, "--bind", bind],
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
        /settings reloaded|settings rejected/.test(server.log().slice(seen)),
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
