import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startRestServer } from "../../support/stores/rest-server.ts";
import { firstScrape, ScrapeClient } from "../client.ts";
import { atMost } from "../goals.ts";
import type { Findings, Goal } from "../goals.ts";
import { figure, LARGEST, MAIN, megabytes, run, RUNS, show, table } from "../measure.ts";
import { agentOf, RunningProgram, SMALL_HEAP } from "../program.ts";
import { CHEAP_SCRYPT, PASSWORD, writeRepository } from "../repositories.ts";

const SNAPSHOTS = Math.min(100_000, LARGEST);
const SETS = 100;
const LIMIT = { limit: 250, unit: " MB", digits: 0 };

/** Peak memory with many snapshots that are divided into groups: a first collection, and a restart with `stateDir`. */
export async function benchMemory(log: (line: string) => void): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), "restic-otel-bench-"));
  const server = await startRestServer({ path: folder });
  const peaks = new Map<string, number[]>();
  const keep = (name: string, bytes: number): void => {
    peaks.set(name, [...(peaks.get(name) ?? []), megabytes(bytes)]);
  };
  try {
    writeRepository(join(folder, "repository"), SNAPSHOTS, SETS, CHEAP_SCRYPT);
    const config = join(folder, "config.json");
    const settings = {
      repositories: [{ repo: `rest:${server.url}/repository`, password: PASSWORD }],
      groupBy: ["paths", "tags"],
    };
    for (let index = 0; index < RUNS; index++)
      for (const [heap, env] of [
        ["", {}],
        [", with NODE_OPTIONS of the Dockerfile", SMALL_HEAP],
      ] as const) {
        log(`run ${index + 1}${heap}`);
        await writeFile(config, JSON.stringify(settings));
        const once = [MAIN, "--config", config, "--once", "--log-level", "warn"];
        keep(`--once${heap}`, (await run(process.execPath, once, env)).peakBytes);
        const stateDir = join(folder, "state");
        await rm(stateDir, { recursive: true, force: true });
        await writeFile(config, JSON.stringify({ ...settings, stateDir }));
        keep(`agent with an empty stateDir${heap}`, await agentPeak(config, env));
        keep(`agent, restarted with stateDir${heap}`, await agentPeak(config, env));
      }
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
  const rows = Array.from(peaks, ([name, megabytesOf]) => [name, show(figure(megabytesOf), 0)]);
  const goals = Array.from(peaks, ([name, megabytesOf]): Goal => {
    const work = `${SNAPSHOTS.toLocaleString("en")} snapshots with groupBy: ${name}`;
    return atMost(work, "peak memory", figure(megabytesOf), LIMIT);
  });
  const text = `${table(["", "peak MB"], rows)}
${SNAPSHOTS.toLocaleString("en")} snapshots of ${SETS} backup sets on a rest-server, with \`groupBy: [paths, tags]\`.
`;
  return { text, goals };
}

/** Peak memory until a first scrape was answered. */
async function agentPeak(config: string, env: Readonly<Record<string, string>>): Promise<number> {
  const running = await RunningProgram.start(agentOf("", env, ["--config", config]));
  const client = await ScrapeClient.connect(running.url);
  try {
    await firstScrape(client, 100);
    return running.peakBytes;
  } finally {
    client.close();
    await running.stop();
  }
}
