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
const PAUSE = { limit: 50, unit: " ms", digits: 0 };

/** Peak memory and pauses with many snapshots that are divided into groups: a first collection, and a restart with `stateDir`. */
export async function benchMemory(log: (line: string) => void): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), "restic-otel-bench-"));
  const server = await startRestServer({ path: folder });
  const peaks = new Map<string, number[]>();
  const pauses = new Map<string, number[]>();
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
        for (const start of ["agent with an empty stateDir", "agent, restarted with stateDir"]) {
          const name = `${start}${heap}`;
          const { peakBytes, pauseMs } = await startOfAgent(config, env);
          keep(name, peakBytes);
          pauses.set(name, [...(pauses.get(name) ?? []), pauseMs]);
        }
      }
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
  const rows = Array.from(peaks, ([name, megabytesOf]) => [
    name,
    show(figure(megabytesOf), 0),
    pauses.has(name) ? show(figure(pauses.get(name) ?? []), 0) : "",
  ]);
  const goals = Array.from(peaks, ([name, megabytesOf]): Goal => {
    const work = `${SNAPSHOTS.toLocaleString("en")} snapshots with groupBy: ${name}`;
    return atMost(work, "peak memory", figure(megabytesOf), LIMIT);
  });
  const pauseGoals = Array.from(pauses, ([name, pausesOf]): Goal => {
    const work = `${SNAPSHOTS.toLocaleString("en")} snapshots: ${name}, until the first scrape`;
    return atMost(work, "longest pause of the event loop", figure(pausesOf), PAUSE);
  });
  const text = `${table(["", "peak MB", "longest pause, ms"], rows)}
${SNAPSHOTS.toLocaleString("en")} snapshots of ${SETS} backup sets on a rest-server, with \`groupBy: [paths, tags]\`.
`;
  return { text, goals: [...goals, ...pauseGoals] };
}

/** Peak memory, and the longest pause, from the address of the server until a first scrape was answered. */
async function startOfAgent(
  config: string,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly peakBytes: number; readonly pauseMs: number }> {
  const running = await RunningProgram.start(agentOf("", env, ["--config", config]), true);
  const client = await ScrapeClient.connect(running.url);
  try {
    await running.ask();
    await firstScrape(client, 100);
    const { peakBytes } = running;
    const { pauseMs } = await running.ask();
    return { peakBytes, pauseMs };
  } finally {
    client.close();
    await running.stop();
  }
}
