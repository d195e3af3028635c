import type { MetricSpec, Point } from "./spec.ts";

/** The parts of a metric that an instrument is made of. */
export type Instrument = Pick<MetricSpec<never>, "name" | "kind" | "unit" | "description">;

/** A metric table with the entries that it shows, whatever their type is. */
export interface BoundTable {
  readonly metrics: readonly Instrument[];
  /**
   * True: entries never change, and no two of them have a point of the same metric with the same labels. Such a table can be rendered
   * and pushed in chunks, and a chunk can be kept until `TableEntries.until`.
   */
  readonly isChunkable: boolean;
  /** The entries as they are now. Does not throw. */
  entries(): TableEntries;
}

/** Some entries of a table. */
export interface TableEntries {
  readonly list: readonly unknown[];
  slice(start: number, end: number): TableEntries;
  /** When a point of the same entries changes next. Both times are milliseconds since the epoch. */
  until(now: number): number;
  /**
   * Reports every finite point: JSON over OTLP cannot carry other values. Does not throw.
   * @returns false if `points` threw: the points of that metric and entry are missing, and the error went to `diag`
   */
  observe(now: number, report: (metric: Instrument, point: Point) => void): boolean;
}

/** When the points of an entry change that is replaced, not changed. */
export const never = (): number => Infinity;

/**
 * @param entries is called once a collection, and does no I/O
 * @param until makes the table chunkable: when a point of this entry changes next, milliseconds since the epoch
 */
export function boundTable<Entry>(
  metrics: readonly MetricSpec<Entry>[],
  entries: () => Iterable<Entry>,
  until?: (entry: Entry, now: number) => number,
): BoundTable {
  return {
    metrics,
    isChunkable: until !== undefined,
    entries: () => {
      const list = orUndefined("the entries of a metric table", () => [...entries()]) ?? [];
      return tableEntries(metrics, list, until ?? ((_, now) => now));
    },
  };
}

function tableEntries<Entry>(
  metrics: readonly MetricSpec<Entry>[],
  list: readonly Entry[],
  until: (entry: Entry, now: number) => number,
): TableEntries {
  return {
    list,
    slice: (start, end) => tableEntries(metrics, list.slice(start, end), until),
    until: (now) => list.reduce((least, entry) => Math.min(least, until(entry, now)), Infinity),
    observe(now, report) {
      let isComplete = true;
      for (const metric of metrics)
        for (const entry of list) {
          const points = orUndefined(metric.name, () => [...metric.points(entry, now)]);
          if (!points) isComplete = false;
          for (const point of points ?? []) if (Number.isFinite(point[0])) report(metric, point);
        }
      return isComplete;
    },
  };
}

/** Undefined if `make` throws. */
function orUndefined<Value>(what: string, make: () => Value): Value | undefined {
  try {
    return make();
  } catch (error) {
    void complain(`${what} could not be observed`, error);
    return undefined;
  }
}

/** Loads the API for this alone: the agent collects without it. */
async function complain(message: string, error: unknown): Promise<void> {
  const { diag } = await import("@opentelemetry/api");
  diag.error(message, error);
}
