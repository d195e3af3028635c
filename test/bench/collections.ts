import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

import { startDelayingProxy } from "./delaying-proxy.ts";
import { peerPath } from "../support/peers.ts";
import { startRestServer } from "../support/rest-server.ts";
import type { Server } from "../support/server.ts";
import { collect } from "./agent.ts";
import { figure, LARGEST, run, RUNS, show } from "./measure.ts";
import { PASSWORD, writeRepository } from "./repositories.ts";

const SIZES = [60, 1000, 10_000, 100_000].filter((size) => size <= LARGEST);
/** Of both: restic's own default. */
const CONNECTIONS = 5;
const SETS = 100;
const DELAY_MS = 10;

/** One way to get the snapshots, once. */
interface Sample {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly requests: number;
  readonly receivedBytes: number;
  readonly keyDerivations: number;
  readonly peakBytes: number;
}

type Way = (size: number, run: number) => Promise<Sample>;

/** Collections over a real rest-server beside `restic snapshots --no-lock`; a server 20 ms away; a restart. */
export async function benchCollections(say: (line: string) => void): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "restic-otel-bench-"));
  const server = await startRestServer({ path: folder });
  const far = await startDelayingProxy(new URL(server.url), DELAY_MS);
  const rows = [
    "| snapshots | | requests | KiB received | key derivations | seconds, net | CPU, net | of restic --no-cache | of restic, empty cache | of restic, warm cache | peak MiB |",
    "| --: | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |",
  ];
  try {
    const ways = waysTo(server, far.url, folder);
    await writeRepository(join(folder, "0"), 0, 1);
    const empty = await measure(ways, 0, say);
    for (const size of SIZES) {
      await writeRepository(join(folder, String(size)), size, SETS);
      const samples = await measure(ways, size, say);
      rows.push(...rowsOf(size, samples, empty));
      await rm(join(folder, String(size)), { recursive: true });
    }
  } finally {
    far.close();
    await server.stop();
    await rm(folder, { recursive: true });
  }
  return `${rows.join("\n")}\n\nNet of what the same takes with an empty repository: the start of a process and the key derivation.\n`;
}

const COLD = "restic, empty cache";
const NO_CACHE = "restic --no-cache";
const WARM = "restic, warm cache";
const FAR_NO_CACHE = "restic --no-cache, 20 ms away";
const FAR = "restic-otel, first, 20 ms away";

function waysTo(server: Server, far: string, folder: string): Readonly<Record<string, Way>> {
  const near = server.url;
  const restic =
    (base: string, args: (run: number) => readonly string[]): Way =>
    async (size, index) => {
      const cache = ["snapshots", "--no-lock", "--json", ...args(index)];
      const env = { RESTIC_REPOSITORY: `rest:${base}/${size}`, RESTIC_PASSWORD: PASSWORD };
      const before = server.log().length;
      const { stdout, ...cost } = await run(peerPath("restic"), cache, env);
      const listed: unknown = JSON.parse(stdout);
      if (!Array.isArray(listed) || listed.length !== size)
        throw new Error("restic does not list what was written");
      // One derivation at each start: a key in the cache of restic does not exist.
      return { ...cost, ...(await answersSince(server, before)), keyDerivations: 1 };
    };
  const cacheOf = (index: number): readonly string[] => ["--cache-dir", join(folder, `c${index}`)];
  const ours =
    (base: string, which: 0 | 1, options: { state?: boolean; connections?: number } = {}): Way =>
    async (size, index) => {
      const { state, connections = CONNECTIONS } = options;
      const stateDir = state ? join(folder, `state-${size}-${index}`) : "";
      const start = () =>
        collect({ password: PASSWORD, connections, stateDir, urls: [`rest:${base}/${size}`] });
      if (state) await start();
      const sample = (await start())[which];
      if (sample?.snapshots !== size) throw new Error("the agent does not list what was written");
      return sample;
    };
  return {
    [COLD]: restic(near, cacheOf),
    [NO_CACHE]: restic(near, () => ["--no-cache"]),
    "restic-otel, first": ours(near, 0),
    [WARM]: restic(near, cacheOf),
    "restic-otel, restarted with stateDir": ours(near, 0, { state: true }),
    "restic-otel, steady": ours(near, 1),
    [FAR_NO_CACHE]: restic(far, () => ["--no-cache"]),
    [FAR]: ours(far, 0, { connections: 20 }),
  };
}

/** What the server has answered since its log was that long. A line is written after its answer. */
async function answersSince(
  server: Server,
  before: number,
): Promise<Pick<Sample, "requests" | "receivedBytes">> {
  await setTimeout(200);
  const lines = server
    .log()
    .slice(before)
    .matchAll(/" 20\d (\d+)/g);
  const answers = [...lines].map(([, bytes]) => Number(bytes));
  return {
    requests: answers.length,
    receivedBytes: answers.reduce((sum, bytes) => sum + bytes, 0),
  };
}

type Samples = ReadonlyMap<string, readonly Sample[]>;

/** Each way in turn, and all of them again. */
async function measure(
  ways: Readonly<Record<string, Way>>,
  size: number,
  say: (line: string) => void,
): Promise<Samples> {
  const samples = new Map<string, Sample[]>(Object.keys(ways).map((name) => [name, []]));
  const runs = size > 10_000 ? Math.min(RUNS, 3) : RUNS;
  for (let index = 0; index < runs; index++) {
    for (const [name, way] of Object.entries(ways)) {
      // 100,000 files over a slow line take half an hour.
      if (size > 10_000 && (name === FAR_NO_CACHE || name === FAR)) continue;
      say(`${size} snapshots, ${name}, run ${index + 1}`);
      samples.get(name)?.push(await way(size, index));
    }
  }
  return samples;
}

function rowsOf(size: number, samples: Samples, empty: Samples): readonly string[] {
  const base = (name: string, key: "seconds" | "cpuSeconds"): number =>
    figure((empty.get(name) ?? []).map((sample) => sample[key])).median;
  const net = (name: string, key: "seconds" | "cpuSeconds"): readonly number[] =>
    (samples.get(name) ?? []).map((sample) => Math.max(0, sample[key] - base(name, key)));
  const seconds = (name: string): number => figure(net(name, "seconds")).median;
  return [...samples].flatMap(([name, runs]) => {
    if (runs.length === 0) return [];
    const isOurs = name.startsWith("restic-otel");
    // What takes no time that can be told from the start of a process is nothing to compare with.
    const against = (peer: string): string =>
      isOurs && seconds(peer) >= 0.05 ? `× ${(seconds(name) / seconds(peer)).toFixed(2)}` : "";
    const isFar = name === FAR || name === FAR_NO_CACHE;
    const middle = (key: keyof Sample): number => figure(runs.map((sample) => sample[key])).median;
    return `| ${[
      size,
      name,
      middle("requests"),
      (middle("receivedBytes") / 1024).toFixed(0),
      middle("keyDerivations"),
      show(figure(net(name, "seconds")), 2),
      figure(net(name, "cpuSeconds")).median.toFixed(2),
      against(isFar ? FAR_NO_CACHE : NO_CACHE),
      isFar ? "" : against(COLD),
      isFar ? "" : against(WARM),
      (middle("peakBytes") / 2 ** 20).toFixed(0),
    ].join(" | ")} |`;
  });
}
