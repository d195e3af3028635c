import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";

import { request } from "undici";

import { repositoryMetrics } from "../../instrumentation/restic/metrics.ts";
import { peerPath } from "../support/peers.ts";
import { figure, LARGEST, peakOf, RUNS, show } from "./measure.ts";
import { PASSWORD, writeRepository } from "./repositories.ts";

const SIZES = [1000, 10_000].filter((size) => size <= LARGEST);
const SCRAPES = 7;
const MAIN = join(import.meta.dirname, "../../dist/main.js");
/** Those of backup sets, of which peers have as many. */
const NAMES = repositoryMetrics(false)
  .filter(({ labels }) => labels.includes("host"))
  .map(({ name }) => name.replaceAll(".", "_"));

interface Sample {
  readonly startSeconds: number;
  readonly firstMs: number;
  readonly plainMs: number;
  /** Undefined for who cannot. */
  readonly gzipMs: number | undefined;
  readonly plainBytes: number;
  readonly peakBytes: number;
}

interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where it says where it listens. */
  readonly stream: "stdout" | "stderr";
}

/** Scrapes of the agent with many backup sets, beside programs of three libraries that have as many series. */
export async function benchScrapes(say: (line: string) => void): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "restic-otel-bench-"));
  const rows = [
    "| backup sets | | start to first answer, s | first scrape, ms | later, ms | of ours | later, gzip, ms | page, KiB | peak MiB |",
    "| --: | --- | --: | --: | --: | --: | --: | --: | --: |",
  ];
  try {
    for (const size of SIZES) {
      await writeRepository(join(folder, String(size)), size, size);
      rows.push(...(await compare(join(folder, String(size)), size, say)));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return `${rows.join("\n")}\n`;
}

function programs(repository: string, size: number): Readonly<Record<string, Program>> {
  const script = (name: string): Program => ({
    command: process.execPath,
    args: [join(import.meta.dirname, "peers", `${name}.ts`), String(size), ...NAMES],
    stream: "stdout",
  });
  return {
    "restic-otel": {
      command: process.execPath,
      args: [MAIN, "--bind", "127.0.0.1:0"],
      env: { RESTIC_REPOSITORY: repository, RESTIC_PASSWORD: PASSWORD },
      stream: "stderr",
    },
    client_golang: {
      command: peerPath("client-golang"),
      args: [String(size), ...NAMES],
      stream: "stdout",
    },
    "prom-client": script("prom-client"),
    "exporter-prometheus": script("stock-exporter"),
  };
}

async function compare(
  repository: string,
  size: number,
  say: (line: string) => void,
): Promise<readonly string[]> {
  const all = Object.entries(programs(repository, size));
  const samples = new Map<string, Sample[]>(all.map(([name]) => [name, []]));
  for (let run = 0; run < RUNS; run++) {
    for (const [name, program] of all) {
      say(`${size} backup sets, ${name}, run ${run + 1}`);
      samples.get(name)?.push(await scrapeProgram(program));
    }
  }
  const ours = figure((samples.get("restic-otel") ?? []).map(({ plainMs }) => plainMs)).median;
  return [...samples].map(([name, runs]) => row(size, name, runs, ours));
}

function row(size: number, name: string, runs: readonly Sample[], ours: number): string {
  const of = (key: "startSeconds" | "firstMs" | "plainMs" | "plainBytes" | "peakBytes") =>
    figure(runs.map((sample) => sample[key]));
  const gzip = runs.flatMap(({ gzipMs }) => (gzipMs === undefined ? [] : [gzipMs]));
  return `| ${[
    size,
    name,
    show(of("startSeconds"), 2),
    show(of("firstMs"), 1),
    show(of("plainMs"), 1),
    name === "restic-otel" ? "" : `× ${(of("plainMs").median / ours).toFixed(1)}`,
    gzip.length === 0 ? "cannot" : show(figure(gzip), 1),
    (of("plainBytes").median / 1024).toFixed(0),
    (of("peakBytes").median / 2 ** 20).toFixed(0),
  ].join(" | ")} |`;
}

async function scrapeProgram({ command, args, env = {}, stream }: Program): Promise<Sample> {
  const startedMs = performance.now();
  const child = spawn(command, args, {
    env: { PATH: process.env["PATH"], ...env },
    cwd: tmpdir(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    const url = `${await addressIn(child[stream].setEncoding("utf8"))}/metrics`;
    let first = await scrape(url, "identity");
    while (!first) first = await scrape(url, "identity");
    const startSeconds = (performance.now() - startedMs) / 1000;
    return {
      startSeconds,
      firstMs: first.ms,
      plainMs: await median(url, "identity"),
      gzipMs: (await scrape(url, "gzip"))?.isGzip ? await median(url, "gzip") : undefined,
      plainBytes: first.bytes,
      peakBytes: peakOf(child.pid),
    };
  } finally {
    child.kill("SIGTERM");
    await ended;
  }
}

/** Reads on, so that the program can go on writing. */
function addressIn(output: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    output.on("data", (line: unknown) => {
      const port = /(?:address=|http:\/\/)127\.0\.0\.1:(\d+)/.exec(String(line))?.[1];
      if (port !== undefined) resolve(`http://127.0.0.1:${port}`);
    });
    output.once("end", () => reject(new Error("the program does not listen")));
  });
}

async function median(url: string, encoding: string): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < SCRAPES; index++)
    times.push((await scrape(url, encoding))?.ms ?? NaN);
  return figure(times).median;
}

/** Undefined while the program is not ready. */
async function scrape(
  url: string,
  encoding: string,
): Promise<{ readonly ms: number; readonly bytes: number; readonly isGzip: boolean } | undefined> {
  const startedMs = performance.now();
  const { statusCode, headers, body } = await request(url, {
    headers: { "accept-encoding": encoding },
  });
  const { byteLength: bytes } = await body.arrayBuffer();
  const isGzip = headers["content-encoding"] === "gzip";
  return statusCode === 200 ? { ms: performance.now() - startedMs, bytes, isGzip } : undefined;
}
