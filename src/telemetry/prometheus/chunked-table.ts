import { setImmediate as turn } from "node:timers/promises";

import type { BoundTable, TableEntries } from "restic-otel-instrumentation/internal";

import { CHUNK_ENTRIES, chunkOf } from "../chunks.ts";
import { collectMetrics } from "../collect-metrics.ts";
import type { Producer } from "../collect-metrics.ts";
import { FamilyWriter } from "./families.ts";
import type { Families } from "./families.ts";

/** Entries in a row as text. */
interface Chunk {
  readonly list: TableEntries["list"];
  /** The text is valid from here, */
  readonly from: number;
  /** until before this; milliseconds since the epoch. */
  readonly until: number;
  readonly families: Families;
}

/** A table as text in chunks. A chunk is used again while its entries are the same objects and none of its values changes. */
export class ChunkedTable {
  readonly #table: BoundTable;
  readonly #producer: Producer;
  readonly #writer = new FamilyWriter(false);
  #chunks: readonly Chunk[] = [];

  constructor(table: BoundTable, producer: Producer) {
    this.#table = table;
    this.#producer = producer;
  }

  /** The entries of the table as they are now. */
  entries(): TableEntries {
    return this.#table.entries();
  }

  /**
   * Lets other work run after each chunk.
   * @param entries of this table
   * @param now milliseconds since the epoch
   */
  async render(entries: TableEntries, now: number): Promise<readonly Families[]> {
    const byFirst = new Map(this.#chunks.map((chunk) => [chunk.list[0], chunk]));
    const rendered: Families[] = [];
    const kept: Chunk[] = [];
    for (let start = 0; start < entries.list.length;) {
      const known = byFirst.get(entries.list[start]);
      if (known && isValid(known, entries.list, start, now)) {
        rendered.push(known.families);
        kept.push(known);
        start += known.list.length;
        continue;
      }
      const end = endOf(entries.list, start, byFirst);
      const chunk = entries.slice(start, end);
      const { resourceMetrics, isComplete } = await collectMetrics(
        [chunkOf(this.#table, chunk)],
        now,
        this.#producer,
      );
      const families = this.#writer.write(resourceMetrics);
      rendered.push(families);
      if (isComplete) kept.push({ list: chunk.list, from: now, until: chunk.until(now), families });
      start = end;
      await turn();
    }
    this.#chunks = kept;
    return rendered;
  }
}

/** A small chunk is used again only at the end: elsewhere it joins its successor, or chunks would become smaller and smaller. */
function isValid(
  { list, from, until }: Chunk,
  all: TableEntries["list"],
  start: number,
  now: number,
): boolean {
  const isLargeEnough = list.length >= CHUNK_ENTRIES || start + list.length === all.length;
  return (
    isLargeEnough &&
    from <= now &&
    now < until &&
    list.every((entry, index) => entry === all[start + index])
  );
}

/** The end of a new chunk: where a known one begins, so that this one can be used again, but not too far away. */
function endOf(
  all: TableEntries["list"],
  start: number,
  byFirst: ReadonlyMap<unknown, Chunk>,
): number {
  const least = Math.min(start + CHUNK_ENTRIES, all.length);
  const most = Math.min(start + 2 * CHUNK_ENTRIES, all.length);
  for (let end = least; end < most; end++) if (byFirst.has(all[end])) return end;
  return byFirst.size === 0 ? least : most;
}
