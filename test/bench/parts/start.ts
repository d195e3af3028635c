import { scryptSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { firstScrape, ScrapeClient } from "../client.ts";
import { atMost } from "../goals.ts";
import type { Findings } from "../goals.ts";
import { figure, MAIN, ratio, run, RUNS, show, table } from "../measure.ts";
import { agentOf, RunningProgram } from "../program.ts";
import { SCRYPT, writeRepository } from "../repositories.ts";

/** More runs than elsewhere, since each takes less than a second. */
const STARTS = RUNS * 3;
const SNAPSHOTS = 60;

const NODE = "node -e 0";
const VERSION = "restic-otel --version";
const DERIVATION = "the key derivation alone";
const ANSWER = "restic-otel, from start to the first response, with one local repository";

/** Time from the start of the agent to its first response, compared with an empty Node.js script. */
export async function benchStart(log: (line: string) => void): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), "restic-otel-bench-"));
  const seconds: Record<string, number[]> = {};
  const cpu: Record<string, number[]> = {};
  const keep = (name: string, sample: Timed): void => {
    (seconds[name] ??= []).push(sample.seconds);
    (cpu[name] ??= []).push(sample.cpuSeconds);
  };
  try {
    writeRepository(folder, SNAPSHOTS, 10);
    for (let index = 0; index < STARTS; index++) {
      log(`start ${index + 1} of ${STARTS}`);
      keep(NODE, await run(process.execPath, ["-e", "0"]));
      keep(VERSION, await run(process.execPath, [MAIN, "--version"]));
      keep(DERIVATION, derive());
      keep(ANSWER, await answer(folder));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  const of = (name: string): readonly number[] => seconds[name] ?? [];
  const floor = of(NODE).map((value, index) => value + (of(DERIVATION)[index] ?? NaN));
  const rows = Object.keys(seconds).map((name) => [
    name,
    show(figure(of(name)), 3),
    show(figure(cpu[name] ?? []), 3),
  ]);
  return {
    text: table(["", "seconds", "CPU s"], rows),
    goals: [
      atMost(VERSION, `wall of ${NODE}`, ratio(of(VERSION), of(NODE)), { limit: 3, unit: " ×" }),
      atMost(
        "start to the first answer with one local repository",
        `wall of ${NODE} and the repository's own key derivation`,
        ratio(of(ANSWER), floor),
        { limit: 1.6, unit: " ×" },
      ),
    ],
  };
}

interface Timed {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** The key derivation for the repository's key file, which cannot be avoided. */
function derive(): Timed {
  const startedMs = performance.now();
  const cpu = process.cpuUsage();
  scryptSync("bench", Buffer.alloc(64), 64, { ...SCRYPT, maxmem: 2 ** 28 });
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - startedMs) / 1000, cpuSeconds: (user + system) / 1e6 };
}

async function answer(repository: string): Promise<Timed> {
  const startedMs = performance.now();
  const running = await RunningProgram.start(agentOf(repository));
  const client = await ScrapeClient.connect(running.url);
  try {
    await firstScrape(client);
    return {
      seconds: (performance.now() - startedMs) / 1000,
      cpuSeconds: running.cpuSeconds,
    };
  } finally {
    client.close();
    await running.stop();
  }
}
