import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { firstScrape, ScrapeClient } from "../client.ts";
import { atMost } from "../goals.ts";
import type { Findings } from "../goals.ts";
import { figure, LARGEST, megabytes, RUNS, script, show, table } from "../measure.ts";
import { agentOf, RunningProgram } from "../program.ts";
import { CHEAP_SCRYPT, writeRepository } from "../repositories.ts";
import { setMetrics } from "../set-metrics.ts";
import { Sink } from "../processes/sink.ts";

const SERIES = Math.min(100_000, LARGEST * 10);
const PROTOCOLS = ["http/json", "http/protobuf"];
/** One protocol is enough: the work before the encoding is the same for both. */
const STOCK = "the SDK's reader and exporter, http/json";
/** Shows the pauses that the machine causes. */
const IDLE = "an idle program";
/** Measured after a first push, which follows a collection with pauses of its own. */
const PUSHES = 3;

interface Sample {
  readonly pauseMs: number;
  readonly cpuMs: number;
  readonly requests: number;
  readonly bytes: number;
  readonly peakBytes: number;
}

/** Pushes of many series to a server on loopback: pauses of the event loop, CPU time and memory. */
export async function benchPush(log: (line: string) => void): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), "restic-otel-bench-"));
  const samples = new Map<string, Sample[]>();
  const names = await setMetrics();
  const sets = Math.ceil(SERIES / names.length);
  try {
    writeRepository(folder, sets, sets, CHEAP_SCRYPT);
    for (let index = 0; index < RUNS; index++) {
      log(`${sets} backup sets, run ${index + 1}`);
      for (const protocol of PROTOCOLS)
        keep(samples, `restic-otel, ${protocol}`, await byAgent(folder, protocol));
      keep(samples, STOCK, await byStock(names, sets));
      keep(samples, IDLE, await idle());
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  const rows = [...samples].map(([name, runs]) => {
    const of = (value: (sample: Sample) => number, digits: number): string =>
      show(figure(runs.map(value)), digits);
    return [
      name,
      of(({ pauseMs }) => pauseMs, 0),
      of(({ cpuMs }) => cpuMs, 0),
      figure(runs.map(({ requests }) => requests)).median,
      figure(runs.map(({ bytes }) => bytes / 1e6)).median.toFixed(1),
      of(({ peakBytes }) => megabytes(peakBytes), 0),
    ];
  });
  const head = [`a push of ${(sets * names.length).toLocaleString("en")} series`];
  const columns = ["longest pause, ms", "CPU, ms", "requests", "MB sent", "peak MB"];
  return {
    text: table([...head, ...columns], rows),
    goals: PROTOCOLS.map((protocol) => {
      const pauses = (samples.get(`restic-otel, ${protocol}`) ?? []).map(({ pauseMs }) => pauseMs);
      return atMost(
        `a push of ${SERIES.toLocaleString("en")} series by OTLP, ${protocol}`,
        "longest pause of the event loop",
        figure(pauses),
        { limit: 50, unit: " ms", digits: 0 },
      );
    }),
  };
}

function keep(samples: Map<string, Sample[]>, name: string, sample: Sample): void {
  samples.set(name, [...(samples.get(name) ?? []), sample]);
}

async function byAgent(repository: string, protocol: string): Promise<Sample> {
  const sink = await Sink.start();
  const env = {
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: sink.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_METRICS_EXPORTER: "prometheus,otlp",
    RESTIC_OTEL_OTLP_INTERVAL: "4s",
  };
  const running = await RunningProgram.start(agentOf(repository, env), true);
  try {
    await ready(running);
    await quiet(sink, running, 0);
    return await measured(sink, running, async () => {
      const { requests } = sink;
      await quiet(sink, running, requests);
    });
  } finally {
    await running.stop();
    sink.stop();
  }
}

async function byStock(names: readonly string[], sets: number): Promise<Sample> {
  const sink = await Sink.start();
  const args = [...script("peers/stock-push"), String(sets), sink.url, ...names];
  const running = await RunningProgram.start(
    // The agent compresses too.
    { command: process.execPath, args, env: { OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" } },
    true,
  );
  try {
    await ready(running);
    return await measured(sink, running, () => ready(running));
  } finally {
    await running.stop();
    sink.stop();
  }
}

async function idle(): Promise<Sample> {
  const sink = await Sink.start();
  const args = [...script("peers/floor"), "1", "1"];
  const running = await RunningProgram.start({ command: process.execPath, args }, true);
  try {
    return await measured(sink, running, () => delay(4000));
  } finally {
    await running.stop();
    sink.stop();
  }
}

async function ready({ url }: RunningProgram): Promise<void> {
  const client = await ScrapeClient.connect(url);
  await firstScrape(client);
  client.close();
}

/** Waits for a push to begin and to end: for a second without a request, in which the program was idle. */
async function quiet(sink: Sink, running: RunningProgram, requests: number): Promise<void> {
  let before = { requests, cpuSeconds: NaN };
  for (;;) {
    await delay(1000);
    const now = { requests: sink.requests, cpuSeconds: running.cpuSeconds };
    const isIdle = now.cpuSeconds - before.cpuSeconds < 0.05;
    if (now.requests > requests && now.requests === before.requests && isIdle) return;
    before = now;
  }
}

async function measured(
  sink: Sink,
  running: RunningProgram,
  push: () => Promise<void>,
): Promise<Sample> {
  await running.ask();
  await delay(200);
  const { cpuSeconds } = running;
  const { requests, bytes } = sink;
  for (let index = 0; index < PUSHES; index++) await push();
  const cpuMs = ((running.cpuSeconds - cpuSeconds) * 1000) / PUSHES;
  const { pauseMs } = await running.ask();
  return {
    pauseMs,
    cpuMs,
    requests: (sink.requests - requests) / PUSHES,
    bytes: (sink.bytes - bytes) / PUSHES,
    peakBytes: running.peakBytes,
  };
}
