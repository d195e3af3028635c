import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { peerPath } from "../../support/agent/peers.ts";
import { startRestServer } from "../../support/stores/rest-server.ts";
import { collect } from "../processes/agent.ts";
import type { Collection } from "../processes/agent.ts";
import { atMost, exactly } from "../goals.ts";
import type { Findings, Goal } from "../goals.ts";
import { figure, LARGEST, ratio, run, RUNS, show, table } from "../measure.ts";
import type { Figure } from "../measure.ts";
import { CHEAP_SCRYPT, PASSWORD, writeRepository } from "../repositories.ts";

const COUNTS = [1, 100, 1000].filter((count) => count <= LARGEST);
const SNAPSHOTS = 60;

/** Steady collections of `count` repositories, and the CPU time of `count` calls of restic. */
interface Many {
  readonly count: number;
  readonly steady: readonly Collection[];
  readonly resticSeconds: readonly number[];
}

/** A steady collection of many repositories on one rest-server, compared with one call of restic for each, with a warm cache. */
export async function benchMany(log: (line: string) => void): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), "restic-otel-bench-"));
  const server = await startRestServer({ path: folder });
  const all: Many[] = [];
  try {
    for (let index = 0; index < Math.max(...COUNTS); index++)
      writeRepository(join(folder, String(index)), SNAPSHOTS, 3, CHEAP_SCRYPT);
    writeRepository(join(folder, "restic"), SNAPSHOTS, 3);
    const cache = join(folder, "cache");
    await resticCpu(`rest:${server.url}/restic`, cache);
    for (const count of COUNTS) {
      const urls = Array.from({ length: count }, (_, index) => `rest:${server.url}/${index}`);
      const steady: Collection[] = [];
      const resticSeconds: number[] = [];
      for (let index = 0; index < RUNS; index++) {
        log(`${count} repositories, run ${index + 1}`);
        const [, second] = await collect({ password: PASSWORD, urls, pauses: true });
        if (second.snapshots !== count * SNAPSHOTS)
          throw new Error("the agent did not read all snapshots");
        steady.push(second);
        resticSeconds.push((await resticCpu(`rest:${server.url}/restic`, cache)) * count);
      }
      all.push({ count, steady, resticSeconds });
    }
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
  const head = ["repositories", "requests", "key derivations", "seconds", "CPU s"];
  const beside = ["longest pause, ms", "CPU s of restic, warm cache", "of restic's CPU"];
  return { text: table([...head, ...beside], all.map(row)), goals: all.flatMap(goalsOf) };
}

/** CPU time of one call. The caller multiplies it: a thousand calls take a quarter of an hour. */
async function resticCpu(repository: string, cache: string): Promise<number> {
  const args = ["snapshots", "--no-lock", "--json", "--cache-dir", cache];
  const env = { RESTIC_REPOSITORY: repository, RESTIC_PASSWORD: PASSWORD };
  return (await run(peerPath("restic"), args, env)).cpuSeconds;
}

const of = ({ steady }: Many, key: keyof Collection): Figure =>
  figure(steady.map((one) => one[key]));

const cpuRatio = ({ steady, resticSeconds }: Many): Figure =>
  ratio(
    steady.map(({ cpuSeconds }) => cpuSeconds),
    resticSeconds,
  );

function row(many: Many): readonly (string | number)[] {
  return [
    many.count,
    of(many, "requests").median,
    of(many, "keyDerivations").median,
    show(of(many, "seconds"), 3),
    show(of(many, "cpuSeconds"), 3),
    show(of(many, "pauseMs"), 0),
    show(figure(many.resticSeconds), 1),
    `× ${cpuRatio(many).median.toFixed(4)}`,
  ];
}

function goalsOf(many: Many): readonly Goal[] {
  const { count, steady } = many;
  const work = `steady collection of ${count.toLocaleString("en")} repositories`;
  const counts = exactly(
    work,
    "requests, key derivations",
    [count, 0],
    steady.map(({ requests, keyDerivations }) => [requests, keyDerivations]),
  );
  if (count === 100)
    return [
      counts,
      atMost(work, `CPU of ${count} × restic snapshots, warm`, cpuRatio(many), {
        limit: 0.02,
        unit: " ×",
        digits: 4,
      }),
    ];
  if (count === 1000)
    return [
      counts,
      atMost(work, "wall", of(many, "seconds"), { limit: 5, unit: " s" }),
      atMost(work, "longest pause", of(many, "pauseMs"), { limit: 50, unit: " ms", digits: 0 }),
    ];
  return [];
}
