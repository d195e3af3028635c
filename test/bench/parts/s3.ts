import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { S3_KEYS, startVersitygw } from "../../support/stores/s3-server.ts";
import { atMost, exactly } from "../goals.ts";
import type { Findings, Goal } from "../goals.ts";
import { writeRepository } from "../repositories.ts";
import { Compared } from "../rows.ts";
import { byAgent, byRestic, VERSITYGW_LINE } from "../ways.ts";
import type { Samples } from "../ways.ts";

/** For both programs: restic's default. */
const CONNECTIONS = 5;
const SETS = 100;
/** Names per page of a listing. */
const PAGE = 1000;
const COLD = "restic, empty cache";
const NO_CACHE = "restic --no-cache";
const FIRST = "restic-otel, first";
const STEADY = "restic-otel, steady";

/** Collections from an S3 server, compared with `restic snapshots --no-lock`. */
export async function benchS3(log: (line: string) => void): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), "restic-otel-bench-"));
  try {
    const compared = await Compared.measure(
      [1000, 10_000],
      (size) => writeRepository(join(folder, "bucket", String(size)), size, SETS),
      (size, index) => allWays(folder, size, index),
      log,
    );
    const ways = { [COLD]: [], [NO_CACHE]: [], [FIRST]: [COLD, NO_CACHE], [STEADY]: [] };
    const text = compared.table(ways, [COLD, NO_CACHE]);
    return {
      text: `${text}\nversitygw on loopback, net as above. The server does not log the size of its responses.\n`,
      goals: compared.sizes.flatMap((size) => goalsOf(compared, size)),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function allWays(folder: string, size: number, index: number): Promise<Samples> {
  // Keep-alive as on Amazon S3; versitygw closes each connection after one response by default.
  const server = await startVersitygw({ path: folder, args: ["--keep-alive"] });
  try {
    const repo = `s3:${server.url}/bucket/${size}`;
    const place = { size, repo, environment: S3_KEYS, server, line: VERSITYGW_LINE };
    const cache = ["--cache-dir", join(folder, `cache-${size}-${index}`)];
    const cold = await byRestic(place, cache, CONNECTIONS);
    const noCache = await byRestic(place, ["--no-cache"], CONNECTIONS);
    const [first, steady] = await byAgent(place, CONNECTIONS);
    return { [COLD]: cold, [NO_CACHE]: noCache, [FIRST]: first, [STEADY]: steady };
  } finally {
    await server.stop();
  }
}

function goalsOf(compared: Compared, size: number): readonly Goal[] {
  const shown = `${size.toLocaleString("en")} snapshots, S3 (versitygw) on loopback`;
  const ratios = [[COLD, 0.25] as const, [NO_CACHE, 1] as const].map(([peer, limit]) =>
    atMost(
      `first collection, ${shown}, ${CONNECTIONS} connections`,
      `wall of ${peer}`,
      compared.ratio(size, FIRST, peer),
      { limit, unit: " ×" },
    ),
  );
  const counts = compared
    .runs(size, STEADY)
    .map(({ requests, keyDerivations, seen }) => [requests, keyDerivations, seen.writes]);
  const goal = [Math.ceil(size / PAGE), 0, 0];
  return [
    exactly(
      `steady collection, ${shown}`,
      "requests (one per page), key derivations, writes",
      goal,
      counts,
    ),
    ...ratios,
  ];
}
