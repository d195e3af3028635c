import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { firstScrape, ScrapeClient } from "../client.ts";
import { atMost } from "../goals.ts";
import type { Findings, Goal } from "../goals.ts";
import { figure, LARGEST, megabytes, ratio, RUNS, script, show, table } from "../measure.ts";
import { agentOf, peersOf, RunningProgram, SMALL_HEAP } from "../program.ts";
import type { Program } from "../program.ts";
import { CHEAP_SCRYPT, writeRepository } from "../repositories.ts";
import { setMetrics } from "../set-metrics.ts";

const SIZES = [1000, 10_000].filter((size) => size <= LARGEST);
/** Measured after one scrape that is not counted. */
const SCRAPES = 15;
const OURS = "restic-otel";
const OURS_SMALL = "restic-otel, with NODE_OPTIONS of the Dockerfile";
const FLOOR = "a socket that writes the same bytes";
const ENCODINGS = ["identity", "gzip"] as const;

interface Timed {
  readonly ms: number;
  readonly cpuMs: number;
  readonly bytes: number;
}

interface Sample {
  readonly firstMs: number;
  readonly identity: Timed;
  /** Undefined if the program cannot compress. */
  readonly gzip: Timed | undefined;
  readonly peakBytes: number;
}

type Samples = ReadonlyMap<string, readonly Sample[]>;

/** Scrapes of the agent with many backup sets and an unchanged store, compared with three libraries with the same number of series. */
export async function benchScrapes(log: (line: string) => void): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), "restic-otel-bench-"));
  const rows: (readonly (string | number)[])[] = [];
  const goals: Goal[] = [];
  try {
    for (const size of SIZES) {
      const repository = join(folder, String(size));
      writeRepository(repository, size, size, CHEAP_SCRYPT);
      const samples = await measure(repository, size, log);
      const pauses: number[] = [];
      for (let run = 0; run < RUNS; run++) pauses.push(await pauseOf(agentOf(repository)));
      rows.push(...[...samples].map(([name, runs]) => row(size, name, runs)));
      goals.push(...goalsOf(size, samples, pauses));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  const head = ["backup sets", "", "first scrape, ms", "later, ms", "CPU, ms"];
  const gzip = ["gzip, ms", "CPU, ms", "page, KB", "gzip, KB", "peak MB"];
  return { text: table([...head, ...gzip], rows), goals };
}

async function measure(
  repository: string,
  size: number,
  log: (line: string) => void,
): Promise<Samples> {
  const all = {
    [OURS]: agentOf(repository),
    [OURS_SMALL]: agentOf(repository, SMALL_HEAP),
    ...peersOf(await setMetrics(), size, 0),
  };
  const samples = new Map<string, Sample[]>();
  const take = async (name: string, program: Program): Promise<Sample> => {
    const sample = await sampleOf(program);
    samples.set(name, [...(samples.get(name) ?? []), sample]);
    return sample;
  };
  for (let run = 0; run < RUNS; run++) {
    log(`${size} backup sets, run ${run + 1}`);
    for (const [name, program] of Object.entries(all)) await take(name, program);
    const [ours] = samples.get(OURS) ?? [];
    const bytes = [ours?.identity.bytes, ours?.gzip?.bytes].map(String);
    await take(FLOOR, { command: process.execPath, args: [...script("peers/floor"), ...bytes] });
  }
  return samples;
}

/** Scrapes a program that was just started. */
export async function sampleOf(program: Program): Promise<Sample> {
  const running = await RunningProgram.start(program);
  const client = await ScrapeClient.connect(running.url);
  try {
    const { ms: firstMs } = await firstScrape(client);
    const identity = await timed(client, running, "identity");
    const { isGzip } = await client.scrape("gzip");
    const gzip = isGzip ? await timed(client, running, "gzip") : undefined;
    return { firstMs, identity, gzip, peakBytes: running.peakBytes };
  } finally {
    client.close();
    await running.stop();
  }
}

async function timed(
  client: ScrapeClient,
  running: RunningProgram,
  encoding: (typeof ENCODINGS)[number],
): Promise<Timed> {
  const { bytes } = await client.scrape(encoding);
  const before = running.cpuSeconds;
  const times: number[] = [];
  for (let index = 0; index < SCRAPES; index++) times.push((await client.scrape(encoding)).ms);
  const cpuMs = ((running.cpuSeconds - before) * 1000) / SCRAPES;
  return { ms: figure(times).median, cpuMs, bytes };
}

function row(size: number, name: string, runs: readonly Sample[]): readonly (string | number)[] {
  const of = (value: (sample: Sample) => number | undefined, digits: number): string => {
    const values = runs.flatMap((sample) => value(sample) ?? []);
    return values.length === 0 ? "cannot" : show(figure(values), digits);
  };
  const [one] = runs;
  const kilobytes = (scrapes: Timed | undefined): string =>
    scrapes ? (scrapes.bytes / 1000).toFixed(0) : "";
  return [
    size,
    name,
    of(({ firstMs }) => firstMs, 1),
    of(({ identity }) => identity.ms, 2),
    of(({ identity }) => identity.cpuMs, 1),
    of(({ gzip }) => gzip?.ms, 2),
    of(({ gzip }) => gzip?.cpuMs, 1),
    kilobytes(one?.identity),
    kilobytes(one?.gzip),
    figure(runs.map(({ peakBytes }) => megabytes(peakBytes))).median.toFixed(0),
  ];
}

function goalsOf(size: number, samples: Samples, pauses: readonly number[]): readonly Goal[] {
  const ours = samples.get(OURS) ?? [];
  const times = (runs: readonly Sample[], encoding: (typeof ENCODINGS)[number]) =>
    runs.flatMap((sample) => sample[encoding]?.ms ?? []);
  const work = `scrape, ${size.toLocaleString("en")} backup sets, unchanged store`;
  const against = (peer: string, encoding: (typeof ENCODINGS)[number], limit: number): Goal => {
    const of = ratio(times(ours, encoding), times(samples.get(peer) ?? [], encoding));
    const name = `p50, ${encoding === "gzip" ? "gzip" : "plain"}, of ${peer}`;
    return atMost(work, name, of, { limit, unit: " ×", digits: 3 });
  };
  const plain = size < 10_000 ? 0.15 : 0.1;
  const goals = [
    against("client_golang", "identity", plain),
    against("prom-client", "identity", plain),
    against("client_golang", "gzip", 0.3),
  ];
  if (size < 10_000) return goals;
  const peak = (name: string): Goal => {
    const bytes = figure((samples.get(name) ?? []).map(({ peakBytes }) => megabytes(peakBytes)));
    return atMost(`${work}: ${name}`, "peak memory", bytes, { limit: 250, unit: " MB", digits: 0 });
  };
  return [
    ...goals,
    peak(OURS),
    peak(OURS_SMALL),
    atMost(
      "first scrape and gzip scrapes, 10,000 backup sets",
      "longest pause of the event loop",
      figure(pauses),
      { limit: 50, unit: " ms", digits: 0 },
    ),
  ];
}

/** The longest pause of the agent's event loop during a first scrape and some more, plain and gzip. */
export async function pauseOf(program: Program): Promise<number> {
  const running = await RunningProgram.start(program, true);
  const client = await ScrapeClient.connect(running.url);
  try {
    // The status page renders no metrics.
    while (!(await statusText(running.url)).includes('"state":"fine"')) await delay(50);
    await running.ask();
    await delay(200);
    for (const encoding of [...ENCODINGS, ...ENCODINGS]) await client.scrape(encoding);
    return (await running.ask()).pauseMs;
  } finally {
    client.close();
    await running.stop();
  }
}

async function statusText(url: string): Promise<string> {
  return (await fetch(`${url}/api/status`)).text();
}
