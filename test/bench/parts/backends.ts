// `npm run bench:backends [-- --write]`: requests, bytes and time of the first and a later collection on each backend, compared with restic.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { page, replaceBetween } from "../../house/docs.ts";
import { peerPath } from "../../support/agent/peers.ts";
import { benchPlaces } from "../backend-places.ts";
import type { BenchPlace } from "../backend-places.ts";
import { figure, run } from "../measure.ts";
import { PASSWORD, writeRepository } from "../repositories.ts";

const SNAPSHOTS = 100;
const RUNS = 3;

interface Sample {
  readonly seconds: number;
  readonly requests: number;
  readonly receivedBytes: number;
}

interface Row {
  readonly first: readonly Sample[];
  readonly second: readonly Sample[];
  readonly restic: readonly Sample[];
}

const here = (file: string): string => join(import.meta.dirname, "../processes", file);
const kib = (bytes: number): string => (bytes / 1024).toFixed(0);
const median = (samples: readonly Sample[], of: keyof Sample): number =>
  figure(samples.map((sample) => sample[of])).median;

const folder = await mkdtemp(join(tmpdir(), "restic-otel-bench-"));
const places = await benchPlaces(folder);
const lines = [
  "| backend | first | later | `restic snapshots --no-lock` | further requests; valid for | import |",
  "| --- | --: | --: | --: | --- | --: |",
];
try {
  writeRepository(join(folder, "backups/repo"), SNAPSHOTS, 10);
  await places.fill();
  for (const [name, place] of Object.entries(places.all)) {
    process.stderr.write(`${name}\n`);
    lines.push(rowOf(name, place, await measured(place), await loaded(place)));
  }
} finally {
  await places.stop();
  await rm(folder, { recursive: true });
}
const table = `${lines.join("\n")}\n`;
process.stdout.write(table);
if (process.argv.includes("--write")) {
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}, Node.js ${process.version}`;
  const note = `A repository of ${SNAPSHOTS} snapshots and one key. Medians of ${RUNS} runs, in which the agent and restic (\`snapshots --no-lock\`, without its cache) take turns. Requests and received bytes are counted at the server, or (in brackets), without HTTP, by the backend. Half of a first collection is the key derivation. ${new Date().toISOString().slice(0, 10)}, ${machine}.\n`;
  await writeFile(
    page("backends"),
    replaceBetween(await readFile(page("backends"), "utf8"), "backends", `${table}\n${note}`),
  );
}

async function measured(place: BenchPlace): Promise<Row> {
  const row: { first: Sample[]; second: Sample[]; restic: Sample[] } = {
    first: [],
    second: [],
    restic: [],
  };
  for (let index = 0; index < RUNS; index++) {
    const [first, second] = await ours(place);
    row.first.push(first);
    row.second.push(second);
    row.restic.push(await resticAt(place));
  }
  return row;
}

/** Two collections of the agent. Uses the counts of the server if it has any, else those of the backend. */
async function ours({ entry, count }: BenchPlace): Promise<readonly [Sample, Sample]> {
  const before = count?.();
  const child = spawn(
    process.execPath,
    [
      "--conditions=source",
      here("collect-at.ts"),
      JSON.stringify({ ...entry, password: PASSWORD }),
    ],
    { stdio: ["pipe", "pipe", "inherit"], env: { PATH: process.env["PATH"] } },
  );
  const samples: Sample[] = [];
  const counts = [before];
  for await (const line of createInterface(child.stdout)) {
    const sample: Sample & { readonly snapshots: number } = JSON.parse(line);
    if (sample.snapshots !== SNAPSHOTS) throw new Error(`${entry.repo} was not read completely`);
    samples.push(sample);
    counts.push(count?.());
    child.stdin.write("go\n");
  }
  if (child.exitCode === null) await once(child, "exit");
  const [first, second] = samples;
  if (!first || !second || child.exitCode !== 0) throw new Error(`${entry.repo} cannot be read`);
  const [start, middle, end] = counts;
  if (start && middle && end)
    return [
      { seconds: first.seconds, ...difference(start, middle) },
      { seconds: second.seconds, ...difference(middle, end) },
    ];
  return [
    first,
    {
      seconds: second.seconds,
      requests: second.requests - first.requests,
      receivedBytes: second.receivedBytes - first.receivedBytes,
    },
  ];
}

type Counted = Omit<Sample, "seconds">;

function difference(before: Counted, after: Counted): Counted {
  return {
    requests: after.requests - before.requests,
    receivedBytes: after.receivedBytes - before.receivedBytes,
  };
}

async function resticAt({ entry, restic, count }: BenchPlace): Promise<Sample> {
  const before = count?.();
  const { stdout, seconds } = await run(
    peerPath("restic"),
    [...restic.args, "--no-cache", "snapshots", "--no-lock", "--json"],
    { RESTIC_REPOSITORY: entry.repo, RESTIC_PASSWORD: PASSWORD, HOME: folder, ...restic.env },
  );
  if (JSON.parse(stdout).length !== SNAPSHOTS) throw new Error(`restic did not read ${entry.repo}`);
  const after = count?.();
  const unknown = { requests: Number.NaN, receivedBytes: Number.NaN };
  return { seconds, ...(before && after ? difference(before, after) : unknown) };
}

async function loaded({ module }: BenchPlace): Promise<{ seconds: number; bytes: number }> {
  const samples: { seconds: number; bytes: number }[] = [];
  for (let index = 0; index < 5; index++) {
    const { stdout } = await run(process.execPath, [here("import-of.ts"), module]);
    samples.push(JSON.parse(stdout));
  }
  return {
    seconds: figure(samples.map(({ seconds }) => seconds)).median,
    bytes: figure(samples.map(({ bytes }) => bytes)).median,
  };
}

function rowOf(
  name: string,
  { count, setUp }: BenchPlace,
  { first, second, restic }: Row,
  cost: { readonly seconds: number; readonly bytes: number },
): string {
  const cell = (samples: readonly Sample[], isCounted: boolean): string => {
    const [requests, received] = [
      median(samples, "requests"),
      kib(median(samples, "receivedBytes")),
    ];
    const counts = isCounted ? `${requests}, ${received} KiB` : `(${requests}, ${received} KiB)`;
    const seconds = `${median(samples, "seconds").toFixed(3)} s`;
    return Number.isNaN(requests) ? seconds : `${counts}, ${seconds}`;
  };
  const isCounted = count !== undefined;
  const cells = [
    name,
    cell(first, isCounted),
    cell(second, isCounted),
    cell(restic, isCounted),
    setUp,
    `${cost.seconds.toFixed(2)} s, ${(cost.bytes / 2 ** 20).toFixed(0)} MiB`,
  ];
  return `| ${cells.join(" | ")} |`;
}
