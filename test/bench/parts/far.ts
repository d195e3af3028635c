import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startRestServer } from "../../support/stores/rest-server.ts";
import { startDelayingProxy } from "../processes/delaying-proxy.ts";
import { atMost } from "../goals.ts";
import type { Findings } from "../goals.ts";
import { writeRepository } from "../repositories.ts";
import { Compared, runsOf } from "../rows.ts";
import { byAgent, byRestic, REST_LINE } from "../ways.ts";
import type { Samples } from "../ways.ts";

const DELAY_MS = 10;
const SETS = 100;
const NO_CACHE = "restic --no-cache";
const FIRST = "restic-otel, first";

/** First collections from a rest-server with a round-trip time of 20 ms. Both programs use their default number of connections. */
export async function benchFar(log: (line: string) => void): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), "restic-otel-bench-"));
  try {
    const compared = await Compared.measure(
      [60, 1000, 10_000, 100_000],
      (size) => writeRepository(join(folder, String(size)), size, SETS),
      (size) => bothWays(folder, size),
      log,
      // restic takes seven minutes for 100,000 files.
      (size) => (size > 10_000 ? 1 : runsOf(size)),
    );
    const text = compared.table({ [NO_CACHE]: [], [FIRST]: [NO_CACHE] }, [NO_CACHE]);
    const goals = compared.sizes
      .filter((size) => size >= 1000)
      .map((size) =>
        atMost(
          `first collection, ${size.toLocaleString("en")} snapshots, rest-server ${2 * DELAY_MS} ms away, default connections`,
          `wall of ${NO_CACHE}`,
          compared.ratio(size, FIRST, NO_CACHE),
          { limit: 0.3, unit: " ×" },
        ),
      );
    return {
      text: `${text}\nrest-server with a round-trip time of ${2 * DELAY_MS} ms; net as above; one run for 100,000 snapshots.\n`,
      goals,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function bothWays(folder: string, size: number): Promise<Samples> {
  const server = await startRestServer({ path: folder });
  const proxy = await startDelayingProxy(new URL(server.url), DELAY_MS);
  try {
    const place = { size, repo: `rest:${proxy.url}/${size}`, server, line: REST_LINE };
    const noCache = await byRestic(place, ["--no-cache"]);
    const [first] = await byAgent(place);
    return { [NO_CACHE]: noCache, [FIRST]: first };
  } finally {
    proxy.close();
    await server.stop();
  }
}
