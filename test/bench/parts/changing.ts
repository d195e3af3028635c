import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { firstScrape, ScrapeClient } from "../client.ts";
import { atMost } from "../goals.ts";
import type { Findings, Goal } from "../goals.ts";
import { figure, LARGEST, megabytes, ratio, RUNS, show, table } from "../measure.ts";
import type { Figure } from "../measure.ts";
import { agentOf, peersOf, RunningProgram } from "../program.ts";
import type { Program } from "../program.ts";
import { setMetrics } from "../set-metrics.ts";

const SIZES = [1000, 10_000].filter((size) => size <= LARGEST);
/** Number of sets that get a new snapshot ten times a second. In the peers: that get new values. */
const CHANGING = 20;
const SCRAPES = 60;
/** Between two scrapes, so that each sees changed values. */
const PAUSE_MS = 50;
const OURS = "restic-otel";
/** All optional labels too. */
const ENV = { RESTIC_OTEL_LEGACY_LABEL: "true" };

interface Sample {
  readonly times: readonly number[];
  readonly cpuMs: number;
  /** Collections during the scrapes; undefined for peers. */
  readonly collections: number | undefined;
  readonly peakBytes: number;
}

type Samples = ReadonlyMap<string, readonly Sample[]>;

/** Scrapes while the values change: the agent collects without a pause, and finds new snapshots in each collection. */
export async function benchChanging(log: (line: string) => void): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), "restic-otel-bench-"));
  const rows: (readonly (string | number)[])[] = [];
  const goals: Goal[] = [];
  const names = await setMetrics(ENV);
  try {
    for (const size of SIZES) {
      const samples = new Map<string, readonly Sample[]>();
      for (let index = 0; index < RUNS; index++) {
        log(`${size} backup sets, run ${index + 1}`);
        const repository = join(folder, `${size}-${index}`);
        const ours = agentOf(repository, ENV);
        for (const [name, program] of Object.entries({
          [OURS]: ours,
          ...peersOf(names, size, CHANGING),
        })) {
          const sample = await sampleOf(program, { repository, size, isOurs: name === OURS });
          samples.set(name, [...(samples.get(name) ?? []), sample]);
        }
      }
      rows.push(...[...samples].map(([name, runs]) => row(size, name, runs)));
      goals.push(...goalsOf(size, samples));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  const head = ["backup sets", "", "p50, ms", "p99, ms", "CPU per scrape, ms", "collections"];
  const text = table([...head, "peak MB"], rows);
  return {
    text: `${text}\n${SCRAPES} scrapes, ${PAUSE_MS} ms apart, while ${CHANGING * 10} snapshots a second are added and the agent collects without a pause; the peers change the same number of values. The CPU time includes everything that the program does meanwhile.\n`,
    goals,
  };
}

interface Scene {
  readonly repository: string;
  readonly size: number;
  readonly isOurs: boolean;
}

/** The repository is written and changed for peers too, which do not use it, so that the load of the machine is the same. */
async function sampleOf(program: Program, { repository, size, isOurs }: Scene): Promise<Sample> {
  const script = join(import.meta.dirname, "../processes/churn.ts");
  const args = ["--conditions=source", script, repository, String(size), String(CHANGING)];
  const churn = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  await once(churn, "message");
  const running = await RunningProgram.start(program);
  const client = await ScrapeClient.connect(running.url);
  try {
    await firstScrape(client);
    churn.send(isOurs ? running.pid : "");
    const collectionsBefore = isOurs ? await collectionsOf(running) : undefined;
    const before = running.cpuSeconds;
    const times: number[] = [];
    for (let index = 0; index < SCRAPES; index++) {
      await delay(PAUSE_MS);
      times.push((await client.scrape("identity")).ms);
    }
    const cpuMs = ((running.cpuSeconds - before) * 1000) / SCRAPES;
    const collections =
      collectionsBefore === undefined
        ? undefined
        : (await collectionsOf(running)) - collectionsBefore;
    if (collections === 0) throw new Error("no collection ended during the scrapes");
    return { times, cpuMs, collections, peakBytes: running.peakBytes };
  } finally {
    // Wait for its exit: it may still write to the repository.
    const ended = once(churn, "exit");
    churn.disconnect();
    client.close();
    await Promise.all([running.stop(), ended]);
    await rm(repository, { recursive: true });
  }
}

/** Number of collections of the agent: its list requests. */
async function collectionsOf({ url }: RunningProgram): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const listed = /^backup_repository_requests_total\{.*operation="list"\} (\d+)/m.exec(text)?.[1];
  return Number(listed);
}

function percentile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * share) - 1] ?? NaN;
}

/** `median`: the percentile of all scrapes of all runs; `min` and `max`: of the runs. */
function ofAll(runs: readonly Sample[], share: number): Figure {
  const each = figure(runs.map(({ times }) => percentile(times, share)));
  return {
    ...each,
    median: percentile(
      runs.flatMap(({ times }) => times),
      share,
    ),
  };
}

function row(size: number, name: string, runs: readonly Sample[]): readonly (string | number)[] {
  const collections = runs.flatMap((sample) => sample.collections ?? []);
  return [
    size,
    name,
    show(ofAll(runs, 0.5), 1),
    show(ofAll(runs, 0.99), 1),
    show(figure(runs.map(({ cpuMs }) => cpuMs)), 0),
    collections.length === 0 ? "" : show(figure(collections), 0),
    show(figure(runs.map(({ peakBytes }) => megabytes(peakBytes))), 0),
  ];
}

function goalsOf(size: number, samples: Samples): readonly Goal[] {
  const work = `scrape, ${size.toLocaleString("en")} backup sets, while collections change the store`;
  const ours = samples.get(OURS) ?? [];
  const theirs = samples.get("prom-client") ?? [];
  const p99 = ({ times }: Sample): number => percentile(times, 0.99);
  const of = {
    ...ratio(ours.map(p99), theirs.map(p99)),
    median: ofAll(ours, 0.99).median / ofAll(theirs, 0.99).median,
  };
  const limit = size < 10_000 ? 1.25 : 1;
  const goals = [atMost(work, "p99 of prom-client's", of, { limit, unit: " ×" })];
  if (size < 10_000) return goals;
  const peak = figure(ours.map(({ peakBytes }) => megabytes(peakBytes)));
  const others = ["exporter-prometheus", "client_golang"].map((name) => {
    const bytes = (samples.get(name) ?? []).map(({ peakBytes }) => megabytes(peakBytes));
    return `${name} ${figure(bytes).median.toFixed(0)} MB`;
  });
  const beside = `peak memory (${others.join(", ")})`;
  return [...goals, atMost(work, beside, peak, { limit: 250, unit: " MB", digits: 0 })];
}
