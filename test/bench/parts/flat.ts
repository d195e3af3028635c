import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { firstScrape, ScrapeClient } from "../client.ts";
import { within } from "../goals.ts";
import type { Findings } from "../goals.ts";
import { figure, LARGEST, megabytes, show, table } from "../measure.ts";
import type { Figure } from "../measure.ts";
import { agentOf, RunningProgram } from "../program.ts";
import { CHEAP_SCRYPT, writeRepository } from "../repositories.ts";
import type { WrittenRepository } from "../repositories.ts";

const SETS = Math.min(10_000, LARGEST);
const SNAPSHOTS = Math.min(100_000, LARGEST * 10);
/** Numbers of collections after which memory is measured. */
const LOOKS = [10, 100, 500, 1000] as const;
const SCRAPES_EACH = 10;
/** One in this many collections finds a new snapshot. */
const NEW_EACH = 10;
/** Collections per measurement: resident memory depends on the time of the last garbage collection. */
const WINDOW = 10;

interface Look {
  readonly collections: number;
  readonly residentBytes: Figure;
  /** After a garbage collection. */
  readonly liveBytes: number;
}

/** Memory of the agent over time. */
export async function benchFlat(log: (line: string) => void): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), "restic-otel-bench-"));
  try {
    log(`${SETS} sets, ${SNAPSHOTS} snapshots`);
    const written = writeRepository(folder, SNAPSHOTS, SETS, CHEAP_SCRYPT);
    const program = agentOf(folder, {}, ["--web.enable-lifecycle"]);
    const running = await RunningProgram.start(program, true);
    const client = await ScrapeClient.connect(running.url);
    const looks: Look[] = [];
    try {
      await firstScrape(client, 100);
      let done = 0;
      for (const collections of LOOKS) {
        for (; done < collections; done++) await round(running, client, written, done);
        const resident: number[] = [];
        for (const end = done + WINDOW; done < end; done++) {
          await round(running, client, written, done);
          resident.push(running.residentBytes);
        }
        const residentBytes = figure(resident);
        looks.push({ collections, residentBytes, liveBytes: (await running.ask()).liveBytes });
        log(`after ${collections} collections: ${show(inMegabytes(residentBytes), 0)} MB`);
      }
    } finally {
      client.close();
      await running.stop();
    }
    return { text: textOf(looks), goals: goalsOf(looks) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A collection and ten scrapes. */
async function round(
  running: RunningProgram,
  client: ScrapeClient,
  written: WrittenRepository,
  index: number,
): Promise<void> {
  if (index % NEW_EACH === 0) written.add(1);
  const answer = await fetch(`${running.url}/-/collect?wait`, { method: "POST" });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`the collection was not started: ${answer.status} ${text}`);
  for (let scrape = 0; scrape < SCRAPES_EACH; scrape++)
    await client.scrape(scrape === 0 ? "identity" : "gzip");
}

function inMegabytes({ median, min, max }: Figure): Figure {
  return { median: megabytes(median), min: megabytes(min), max: megabytes(max) };
}

function textOf(looks: readonly Look[]): string {
  const rows = looks.map(({ collections, residentBytes, liveBytes }) => [
    collections,
    collections * SCRAPES_EACH,
    show(inMegabytes(residentBytes), 0),
    megabytes(liveBytes).toFixed(1),
  ]);
  const head = ["collections", "scrapes", "resident MB", "live MB"];
  return `${table(head, rows)}
${SETS.toLocaleString("en")} sets, ${SNAPSHOTS.toLocaleString("en")} snapshots in one local repository, with a new one every ${NEW_EACH} collections. Resident: median (minimum–maximum) of ${WINDOW} measurements. Live: after a garbage collection.
`;
}

function goalsOf(looks: readonly Look[]): Findings["goals"] {
  const [first] = looks;
  const last = looks.at(-1);
  if (!first || !last) return [];
  const work = `${SETS.toLocaleString("en")} sets, ${SNAPSHOTS.toLocaleString("en")} snapshots known`;
  const after = `after ${last.collections.toLocaleString("en")} collections and ${(last.collections * SCRAPES_EACH).toLocaleString("en")} scrapes, compared with ${first.collections} collections`;
  const growth = (value: (look: Look) => number): number => (value(last) / value(first) - 1) * 100;
  return [
    within(
      work,
      `resident memory ${after}`,
      growth((look) => look.residentBytes.median),
      5,
    ),
    within(
      work,
      `live memory ${after}`,
      growth((look) => look.liveBytes),
      5,
    ),
  ];
}
