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
/** Collections after which memory is looked at. */
const LOOKS = [10, 100, 500, 1000] as const;
const SCRAPES_EACH = 10;
/** Each so many collections one finds a new snapshot; the others find nothing. */
const NEW_EACH = 10;
/** Collections of a look: what is resident depends on when garbage was collected last. */
const WINDOW = 10;

interface Look {
  readonly collections: number;
  readonly residentBytes: Figure;
  /** After a collection of the garbage. */
  readonly liveBytes: number;
}

/** Whether the agent takes more memory the longer it runs. */
export async function benchFlat(say: (line: string) => void): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), "restic-otel-bench-"));
  try {
    say(`${SETS} sets, ${SNAPSHOTS} snapshots`);
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
        say(`after ${collections} collections: ${show(inMegabytes(residentBytes), 0)} MB`);
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

/** A collection, and the scrapes that follow. */
async function round(
  running: RunningProgram,
  client: ScrapeClient,
  written: WrittenRepository,
  index: number,
): Promise<void> {
  if (index % NEW_EACH === 0) written.add(1);
  const answer = await fetch(`${running.url}/-/collect?wait`, { method: "POST" });
  const said = await answer.text();
  if (!answer.ok) throw new Error(`no collection: ${answer.status} ${said}`);
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
  const head = ["collections", "scrapes", "resident MB", "MB that live"];
  return `${table(head, rows)}
${SETS.toLocaleString("en")} sets, ${SNAPSHOTS.toLocaleString("en")} snapshots in one local repository, one more each ${NEW_EACH} collections; resident: median (least–most) of ${WINDOW} looks; that live: after a collection of the garbage.
`;
}

function goalsOf(looks: readonly Look[]): Findings["goals"] {
  const [first] = looks;
  const last = looks.at(-1);
  if (!first || !last) return [];
  const work = `${SETS.toLocaleString("en")} sets, ${SNAPSHOTS.toLocaleString("en")} snapshots known`;
  const after = `after ${last.collections.toLocaleString("en")} collections and ${(last.collections * SCRAPES_EACH).toLocaleString("en")} scrapes against after ${first.collections}`;
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
      `memory that lives ${after}`,
      growth((look) => look.liveBytes),
      5,
    ),
  ];
}
