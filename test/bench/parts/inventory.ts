import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startRestServer } from "../../support/stores/rest-server.ts";
import { atMost, exactly } from "../goals.ts";
import type { Findings } from "../goals.ts";
import { byInventory, byRestic } from "../inventory-ways.ts";
import type { InventoryOptions, InventoryWork, Work } from "../inventory-ways.ts";
import { figure, LARGEST, megabytes, RUNS, show, table } from "../measure.ts";
import { startPackServer } from "../pack-server.ts";
import { writePackedRepository } from "../packed-repository.ts";
import type { PackedRepository } from "../packed-repository.ts";
import { SMALL_HEAP } from "../program.ts";

const SHARE = Math.min(1, LARGEST / 100_000);
const part = (whole: number): number => Math.round(whole * SHARE);
/** 1.2 TB. */
const SHAPE = { packs: part(65_536), blobs: 40, snapshots: 100 };
/** Index files as restic 0.14 to 0.16 wrote them. */
const LONG = { packs: part(11_250), blobs: 40, blobsOfIndex: 150_000, snapshots: 100 };
const MANY = { packs: part(800_000), blobs: 8, snapshots: 100 };
const MOST = { packs: part(3_300_000), blobs: 2, snapshots: 100 };
const SLICES = 16;
const MEMORY = { unit: " MB", digits: 0 };
const MILLISECONDS = { limit: 50, unit: " ms", digits: 0 };

const FIRST = "restic-otel, first inventory";
const NEXT = "restic-otel, the next one";
const KEPT = "restic-otel, first inventory with stateDir";
const RESTARTED = "restic-otel, restarted with stateDir";
const SMALL = "restic-otel, first inventory, with NODE_OPTIONS of the Dockerfile";

const HEAPS = [
  ["", {}],
  [", with NODE_OPTIONS of the Dockerfile", SMALL_HEAP],
] as const;

type Log = (line: string) => void;

/** Inventories, beside `restic check` and `restic stats` of the same repository. */
export async function benchInventory(log: Log): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), "restic-otel-bench-"));
  try {
    const compared = await compare(join(folder, "compared"), log);
    const smooth = await pausesIn(join(folder, "long"), log);
    const many = await manyPacks(join(folder, "many"), log);
    const large = [...many, await slices(join(folder, "most"), log)];
    const text = [compared.text, ...large.map((one) => one.text)].join("\n");
    return { text, goals: [compared, smooth, ...large].flatMap(({ goals }) => goals) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function compare(folder: string, log: Log): Promise<Findings> {
  log(`writing ${SHAPE.packs} packs`);
  const written = writePackedRepository(join(folder, "repository"), { ...SHAPE, withPacks: true });
  const server = await startRestServer({ path: folder });
  const url = `rest:${server.url}/repository`;
  const works = new Map<string, Work[]>();
  const keep = (name: string, work: Work | undefined): void => {
    if (work) works.set(name, [...(works.get(name) ?? []), work]);
  };
  const stateDir = join(folder, "state");
  const late: number[] = [];
  const pauses: number[] = [];
  try {
    for (let index = 0; index < RUNS; index++) {
      log(`run ${index + 1}`);
      const cache = ["--cache-dir", join(folder, `cache-${index}`)];
      const stats = ["stats", "--mode", "raw-data", "--json", ...cache];
      keep("restic check", await byRestic(server, url, ["check"], folder));
      keep("restic stats --mode raw-data, empty cache", await byRestic(server, url, stats, folder));
      keep("restic stats --mode raw-data, warm cache", await byRestic(server, url, stats, folder));
      const [first, next] = await taken(url, written, { inventories: 2 });
      keep(FIRST, first);
      keep(NEXT, next);
      keep(SMALL, (await taken(url, written, { env: SMALL_HEAP }))[0]);
      await rm(stateDir, { recursive: true, force: true });
      keep(KEPT, (await taken(url, written, { stateDir }))[0]);
      keep(RESTARTED, (await taken(url, written, { stateDir }))[0]);
      const [smooth] = await taken(url, written, { pauses: true });
      pauses.push(smooth?.pauseMs ?? NaN);
      const { alone, inventories } = await byInventory(url, { collects: true });
      late.push(median(inventories[0]?.beside ?? []) - median(alone));
    }
  } finally {
    await server.stop();
  }
  const of = (name: string): readonly Work[] => works.get(name) ?? [];
  const blobs = (written.blobs / 1e6).toFixed(1);
  const work = `inventory, ${SHAPE.packs.toLocaleString("en")} packs, ${blobs} million blobs, rest-server`;
  return {
    text: `${table(
      ["", "requests", "seconds", "CPU s", "µs of CPU a blob", "peak MB"],
      [...works].map(([name, runs]) => rowOf(name, runs, written.blobs)),
    )}
${SHAPE.packs.toLocaleString("en")} packs with ${blobs} million blobs, ${(written.bytes / 1e12).toFixed(1)} TB, ${written.indexFiles} index files with ${megabytes(written.indexBytes).toFixed(0)} MB, on a rest-server on loopback. The packs are files of the right size without data, and all snapshots have an empty tree: restic check and restic stats read the index, and walk no trees. Times of restic are those of the process; those of the agent are without its start.
`,
    goals: [
      atMost(
        work,
        "CPU time a blob",
        figure(of(FIRST).map(({ cpuSeconds }) => (cpuSeconds / written.blobs) * 1e6)),
        {
          limit: 1.5,
          unit: " µs",
        },
      ),
      ...[FIRST, SMALL, KEPT, RESTARTED].map((name) =>
        atMost(
          `${work}: ${name}`,
          "peak memory",
          figure(of(name).map(({ peakBytes }) => megabytes(peakBytes))),
          { limit: 250, ...MEMORY },
        ),
      ),
      exactly(
        work,
        "requests: first, next, restarted with stateDir",
        [written.indexFiles + 3, 3, 3],
        of(FIRST).map((one, index) => [
          one.requests,
          of(NEXT)[index]?.requests ?? NaN,
          of(RESTARTED)[index]?.requests ?? NaN,
        ]),
      ),
      atMost(work, "longest pause of the event loop", figure(pauses), MILLISECONDS),
      atMost(
        `a collection beside an ${work}`,
        "later than one alone, medians",
        figure(late),
        MILLISECONDS,
      ),
    ],
  };
}

async function pausesIn(folder: string, log: Log): Promise<Findings> {
  log("index files of 150,000 blobs");
  const written = writePackedRepository(folder, { ...LONG, withPacks: false });
  const server = await startPackServer(folder, written);
  const pauses: number[] = [];
  try {
    for (let index = 0; index < RUNS; index++) {
      const [one] = await taken(server.rest, written, { pauses: true });
      pauses.push(one?.pauseMs ?? NaN);
    }
  } finally {
    await server.stop();
  }
  const work = `inventory with ${written.indexFiles} index files of 150,000 blobs`;
  const goals = [atMost(work, "longest pause of the event loop", figure(pauses), MILLISECONDS)];
  return { text: "", goals };
}

async function manyPacks(folder: string, log: Log): Promise<readonly Findings[]> {
  log(`${MANY.packs} packs by REST`);
  const written = writePackedRepository(folder, { ...MANY, withPacks: false });
  const server = await startPackServer(folder, written);
  try {
    const found: Findings[] = [];
    for (const [heap, env] of HEAPS) {
      const [one] = await taken(server.rest, written, { stateDir: join(folder, heap), env });
      const name = `${shown(MANY.packs)} packs by REST, with stateDir${heap}`;
      found.push(largeFindings(name, [one], written, 250));
    }
    return found;
  } finally {
    await server.stop();
  }
}

async function slices(folder: string, log: Log): Promise<Findings> {
  log(`${MOST.packs} packs by S3 in ${SLICES} slices`);
  const written = writePackedRepository(folder, { ...MOST, withPacks: false });
  const server = await startPackServer(folder, written);
  try {
    const all = await taken(server.s3, written, {
      credentials: server.environment,
      inventories: SLICES,
      slices: SLICES,
      stateDir: join(folder, "state"),
    });
    const name = `${shown(MOST.packs)} packs by S3 in ${SLICES} slices, with stateDir`;
    return largeFindings(name, [all[0], all.at(-1)], written, 400);
  } finally {
    await server.stop();
  }
}

/** @param works the first inventory, and the last one if there are several */
function largeFindings(
  name: string,
  works: readonly (InventoryWork | undefined)[],
  { blobs, indexFiles }: PackedRepository,
  limit: number,
): Findings {
  const known = works.flatMap((one) => one ?? []);
  const peaks = known.map(({ peakBytes }) => megabytes(peakBytes));
  const most = Math.max(...peaks);
  const rows = known.map(({ requests, seconds, cpuSeconds }, index) => [
    index === 0 ? "first" : "last",
    requests,
    seconds.toFixed(1),
    cpuSeconds.toFixed(1),
    (peaks[index] ?? NaN).toFixed(0),
  ]);
  return {
    text: `${table(["inventory", "requests", "seconds", "CPU s", "peak MB"], rows)}\n${name}: ${(blobs / 1e6).toFixed(1)} million blobs in ${indexFiles} index files, measured once.\n`,
    goals: [atMost(`inventory, ${name}`, "peak memory", figure([most]), { limit, ...MEMORY })],
  };
}

/** @throws Error if an inventory did not find each pack sound */
async function taken(
  url: string,
  written: PackedRepository,
  options: InventoryOptions,
): Promise<readonly InventoryWork[]> {
  const { inventories } = await byInventory(url, options);
  const counts = inventories.at(-1)?.counts;
  const { packs, missingPacks, damagedPacks, orphanPacks } = counts ?? {};
  const isSound = [missingPacks, damagedPacks, orphanPacks].every((bad) => bad === 0);
  if (packs !== written.sizes.length || !isSound)
    throw new Error(`the inventory is wrong: ${JSON.stringify(counts)}`);
  return inventories;
}

function rowOf(name: string, runs: readonly Work[], blobs: number): readonly (string | number)[] {
  const of = (key: keyof Work): readonly number[] => runs.map((one) => one[key]);
  return [
    name,
    median(of("requests")),
    show(figure(of("seconds")), 1),
    show(figure(of("cpuSeconds")), 1),
    ((median(of("cpuSeconds")) / blobs) * 1e6).toFixed(2),
    megabytes(median(of("peakBytes"))).toFixed(0),
  ];
}

function median(values: readonly number[]): number {
  return figure(values).median;
}

function shown(packs: number): string {
  return packs.toLocaleString("en");
}
