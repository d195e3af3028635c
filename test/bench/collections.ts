import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { peerPath } from "../support/peers.ts";
import { startRestServer } from "../support/rest-server.ts";
import { figure, run, show } from "./measure.ts";
import { PASSWORD, writeRepository } from "./repositories.ts";

const SIZES = [60, 1000, 10_000];
const RUNS = 5;

/** One way to get the snapshots, once. */
interface Sample {
  readonly seconds: number;
  readonly requests: number;
  readonly receivedBytes: number;
  readonly keyDerivations: number;
  readonly peakBytes: number;
}

const WAYS = [
  "restic, cold cache",
  "restic-otel, first",
  "restic, warm cache",
  "restic-otel, second",
] as const;
type Way = (typeof WAYS)[number];

/** A first and a second collection over a real rest-server, beside `restic snapshots --no-lock` without and with its cache. */
export async function benchCollections(say: (line: string) => void): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "restic-otel-bench-"));
  const rows = [
    "| snapshots | | requests | KiB received | key derivations | seconds | of restic's | peak MiB |",
    "| --: | --- | --: | --: | --: | --: | --: | --: |",
  ];
  try {
    for (const size of SIZES) {
      say(`${size} snapshots`);
      await writeRepository(join(folder, String(size)), size, 10);
      rows.push(...rowsOf(size, await compare(folder, size)));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return `${rows.join("\n")}\n`;
}

async function compare(
  folder: string,
  size: number,
): Promise<Readonly<Record<Way, readonly Sample[]>>> {
  const samples: Record<Way, Sample[]> = {
    "restic, cold cache": [],
    "restic-otel, first": [],
    "restic, warm cache": [],
    "restic-otel, second": [],
  };
  for (let index = 0; index < RUNS; index++) {
    const cache = join(folder, `cache-${size}-${index}`);
    samples["restic, cold cache"].push(await restic(folder, size, cache));
    samples["restic, warm cache"].push(await restic(folder, size, cache));
    const [first, second] = await ours(folder, size);
    samples["restic-otel, first"].push(first);
    samples["restic-otel, second"].push(second);
  }
  return samples;
}

async function restic(folder: string, size: number, cache: string): Promise<Sample> {
  const server = await startRestServer({ path: folder });
  const env = {
    RESTIC_REPOSITORY: `rest:${server.url}/${size}`,
    RESTIC_PASSWORD: PASSWORD,
    RESTIC_CACHE_DIR: cache,
  };
  const { stdout, seconds, peakBytes } = await run(
    peerPath("restic"),
    ["snapshots", "--no-lock", "--json"],
    env,
  );
  await server.stop();
  const listed: unknown = JSON.parse(stdout);
  if (!Array.isArray(listed) || listed.length !== size)
    throw new Error("restic does not list what was written");
  const answers = [...server.log().matchAll(/" 20\d (\d+)/g)].map(([, bytes]) => Number(bytes));
  // One derivation at each start: a key in the cache of restic does not exist.
  return {
    seconds,
    requests: answers.length,
    receivedBytes: answers.reduce((sum, bytes) => sum + bytes, 0),
    keyDerivations: 1,
    peakBytes,
  };
}

/** The agent runs on: its start is paid once and not counted here. */
async function ours(folder: string, size: number): Promise<readonly [Sample, Sample]> {
  const server = await startRestServer({ path: folder });
  const script = join(import.meta.dirname, "collect.ts");
  const { stdout, peakBytes } = await run(process.execPath, [
    script,
    `rest:${server.url}/${size}`,
    PASSWORD,
  ]);
  await server.stop();
  const [first, second]: readonly (Sample & { readonly snapshots: number })[] = JSON.parse(stdout);
  if (!first || !second || second.snapshots !== size)
    throw new Error("the agent does not list what was written");
  const later = {
    seconds: second.seconds,
    requests: second.requests - first.requests,
    receivedBytes: second.receivedBytes - first.receivedBytes,
    keyDerivations: second.keyDerivations - first.keyDerivations,
    peakBytes,
  };
  return [{ ...first, peakBytes }, later];
}

function rowsOf(
  size: number,
  samples: Readonly<Record<Way, readonly Sample[]>>,
): readonly string[] {
  const seconds = (way: Way): readonly number[] => samples[way].map((sample) => sample.seconds);
  const peer: Partial<Record<Way, Way>> = {
    "restic-otel, first": "restic, cold cache",
    "restic-otel, second": "restic, warm cache",
  };
  return WAYS.map((way) => {
    const middle = (of: keyof Sample): number =>
      figure(samples[way].map((sample) => sample[of])).median;
    const other = peer[way];
    const ratios = other
      ? seconds(way).map((value, index) => value / (seconds(other)[index] ?? NaN))
      : undefined;
    const cells = [
      size,
      way,
      middle("requests"),
      (middle("receivedBytes") / 1024).toFixed(1),
      middle("keyDerivations"),
      show(figure(seconds(way)), 3),
      ratios ? `× ${figure(ratios).median.toFixed(3)}` : "",
      (middle("peakBytes") / 2 ** 20).toFixed(0),
    ];
    return `| ${cells.join(" | ")} |`;
  });
}
