import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";

import { figure, show } from "./measure.ts";
import { PASSWORD, writeRepository } from "./repositories.ts";

const SIZES = [1000, 10_000];
const RUNS = 5;
const MAIN = join(import.meta.dirname, "../../src/main.ts");

/** From start to first answer, and scrapes of the agent with many backup sets. */
export async function benchScrapes(say: (line: string) => void): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "restic-otel-bench-"));
  const rows = [
    "| backup sets | from start to first answer, s | first scrape, ms | later scrapes, ms | page, KiB | gzipped, KiB |",
    "| --: | --: | --: | --: | --: | --: |",
  ];
  try {
    for (const size of SIZES) {
      say(`${size} backup sets`);
      await writeRepository(join(folder, String(size)), size, size);
      const runs: Sample[] = [];
      for (let index = 0; index < RUNS; index++)
        runs.push(await scrapeAgent(join(folder, String(size))));
      const row = (of: keyof Sample): ReturnType<typeof figure> =>
        figure(runs.map((sample) => sample[of]));
      rows.push(
        `| ${[
          size,
          show(row("startSeconds"), 2),
          show(row("firstMs"), 1),
          show(row("laterMs"), 1),
          (row("plainBytes").median / 1024).toFixed(0),
          (row("gzipBytes").median / 1024).toFixed(0),
        ].join(" | ")} |`,
      );
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return `${rows.join("\n")}\n`;
}

interface Sample {
  readonly startSeconds: number;
  readonly firstMs: number;
  readonly laterMs: number;
  readonly plainBytes: number;
  readonly gzipBytes: number;
}

async function scrapeAgent(repository: string): Promise<Sample> {
  const startedMs = performance.now();
  const agent = spawn(process.execPath, ["--conditions=source", MAIN, "--bind", "127.0.0.1:0"], {
    env: { PATH: process.env["PATH"], RESTIC_REPOSITORY: repository, RESTIC_PASSWORD: PASSWORD },
    cwd: tmpdir(),
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise((resolve) => agent.once("exit", resolve));
  try {
    const url = `http://127.0.0.1:${await portOf(agent.stderr.setEncoding("utf8"))}/metrics`;
    let first = await scrape(url);
    while (first.bytes === undefined) first = await scrape(url);
    const startSeconds = (performance.now() - startedMs) / 1000;
    const later = await scrape(url);
    const gzipped = later.bytes ?? Buffer.of();
    return {
      startSeconds,
      firstMs: first.ms,
      laterMs: later.ms,
      plainBytes: gunzipSync(gzipped).length,
      gzipBytes: gzipped.length,
    };
  } finally {
    agent.kill("SIGTERM");
    await ended;
  }
}

/** Reads on, so that the agent can go on writing. */
function portOf(stderr: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    stderr.on("data", (line: unknown) => {
      const port = /address=\S*:(\d+)/.exec(String(line))?.[1];
      if (port !== undefined) resolve(port);
    });
    stderr.once("end", () => reject(new Error("the agent does not listen")));
  });
}

/** One scrape with gzip, as Prometheus does it; no bytes while the agent is not ready. */
async function scrape(
  url: string,
): Promise<{ readonly ms: number; readonly bytes: Buffer | undefined }> {
  const { request } = await import("undici");
  const startedMs = performance.now();
  const { statusCode, body } = await request(url, { headers: { "accept-encoding": "gzip" } });
  const bytes = Buffer.from(await body.arrayBuffer());
  return { ms: performance.now() - startedMs, bytes: statusCode === 200 ? bytes : undefined };
}
