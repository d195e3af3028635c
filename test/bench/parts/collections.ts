import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { freeAddress } from "../../support/core/free-port.ts";
import { startRestServer } from "../../support/stores/rest-server.ts";
import { atMost, exactly } from "../goals.ts";
import type { Findings, Goal } from "../goals.ts";
import { figure, megabytes } from "../measure.ts";
import { SMALL_HEAP } from "../program.ts";
import { writeRepository } from "../repositories.ts";
import { Compared } from "../rows.ts";
import { byAgent, byProgram, byRestic, REST_LINE } from "../ways.ts";
import type { Samples } from "../ways.ts";

/** For both programs: restic's default. */
const CONNECTIONS = 5;
const SETS = 100;

const COLD = "restic, empty cache";
const NO_CACHE = "restic --no-cache";
const FIRST = "restic-otel, first";
const ONCE = "restic-otel --once, the whole process";
const ONCE_SMALL = "restic-otel --once, with NODE_OPTIONS of the Dockerfile";
const WARM = "restic, warm cache";
const RESTARTED = "restic-otel, restarted with stateDir";
const STEADY = "restic-otel, steady";

/** Collections from a rest-server on loopback, also after a restart, compared with `restic snapshots --no-lock`. */
export async function benchCollections(log: (line: string) => void): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), "restic-otel-bench-"));
  // All runs use one address: the state directory is keyed by URL.
  const address = await freeAddress();
  try {
    const compared = await Compared.measure(
      [60, 1000, 10_000, 100_000],
      (size) => writeRepository(join(folder, String(size)), size, SETS),
      (size, index) => allWays({ folder, address }, size, index),
      log,
    );
    const ways = {
      [COLD]: [],
      [NO_CACHE]: [],
      [FIRST]: [COLD, NO_CACHE],
      [ONCE]: [COLD, NO_CACHE],
      [ONCE_SMALL]: [COLD, NO_CACHE],
      [WARM]: [],
      [RESTARTED]: [COLD, NO_CACHE, WARM],
      [STEADY]: [COLD, NO_CACHE, WARM],
    };
    const text = compared.table(ways, [COLD, NO_CACHE, WARM]);
    return {
      text: `${text}\nrest-server on loopback. Net seconds are without those for an empty repository: the start of a process and the key derivation.\n`,
      goals: goalsOf(compared),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function allWays(
  { folder, address }: { readonly folder: string; readonly address: string },
  size: number,
  index: number,
): Promise<Samples> {
  // A new server for each run: its complete log is kept in memory.
  const server = await startRestServer({ path: folder, args: ["--listen", address] });
  try {
    const place = { size, repo: `rest:${server.url}/${size}`, server, line: REST_LINE };
    const cache = ["--cache-dir", join(folder, `cache-${size}-${index}`)];
    const state = join(folder, `state-${size}`);
    const cold = await byRestic(place, cache, CONNECTIONS);
    const noCache = await byRestic(place, ["--no-cache"], CONNECTIONS);
    const [first, steady] = await byAgent(place, CONNECTIONS);
    const config = join(folder, "config.json");
    const once = await byProgram(place, CONNECTIONS, config);
    const onceSmall = await byProgram(place, CONNECTIONS, config, SMALL_HEAP);
    const warm = await byRestic(place, cache, CONNECTIONS);
    if (index === 0 && !existsSync(state)) await byAgent(place, CONNECTIONS, state);
    const [restarted] = await byAgent(place, CONNECTIONS, state);
    return {
      [COLD]: cold,
      [NO_CACHE]: noCache,
      [FIRST]: first,
      [ONCE]: once,
      [ONCE_SMALL]: onceSmall,
      [WARM]: warm,
      [RESTARTED]: restarted,
      [STEADY]: steady,
    };
  } finally {
    await server.stop();
  }
}

function goalsOf(compared: Compared): readonly Goal[] {
  const { sizes } = compared;
  const atRest = "rest-server on loopback";
  const sized = sizes.filter((size) => size >= 1000);
  const shown = (size: number): string => size.toLocaleString("en");
  const peak = (size: number, way: string, limit: number): Goal => {
    const bytes = compared.runs(size, way).map(({ peakBytes }) => megabytes(peakBytes));
    const of = `first collection, ${shown(size)} snapshots: ${way}`;
    return atMost(of, "peak memory", figure(bytes), { limit, unit: " MB", digits: 0 });
  };
  const ratio = (size: number, peer: string, limit: number): readonly Goal[] =>
    sizes.includes(size)
      ? [
          atMost(
            `first collection, ${shown(size)} snapshots, ${atRest}, ${CONNECTIONS} connections`,
            `wall of ${peer}`,
            compared.ratio(size, FIRST, peer),
            { limit, unit: " ×" },
          ),
        ]
      : [];
  return [
    exactly(
      `steady collection, ${sizes.map(shown).join(", ")} snapshots, ${atRest}`,
      "requests, key derivations, writes",
      [1, 0, 0],
      sizes.flatMap((size) =>
        compared
          .runs(size, STEADY)
          .map(({ requests, keyDerivations, seen }) => [requests, keyDerivations, seen.writes]),
      ),
    ),
    ...ratio(1000, COLD, 0.5),
    ...ratio(10_000, COLD, 0.35),
    ...ratio(10_000, NO_CACHE, 1),
    ...ratio(100_000, NO_CACHE, 1),
    peak(100_000, ONCE, 300),
    peak(100_000, ONCE_SMALL, 180),
    exactly(
      `after a restart with stateDir, ${sizes.map(shown).join(", ")} snapshots`,
      "reads of known snapshots",
      [0],
      sizes.flatMap((size) =>
        compared.runs(size, RESTARTED).map(({ seen }) => [seen.snapshotsRead]),
      ),
    ),
    ...sized.map((size) =>
      atMost(
        `after a restart with stateDir, ${shown(size)} snapshots`,
        `wall of ${WARM}`,
        compared.ratio(size, RESTARTED, WARM),
        { limit: 0.8, unit: " ×" },
      ),
    ),
  ];
}
