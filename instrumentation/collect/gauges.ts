import type { BatchObservableCallback, Meter, Observable } from "@opentelemetry/api";

import type { MetricSpec, Point } from "../core/source.ts";

export type { Meter };

/** What an instrument is made of. */
type Instrument = Pick<MetricSpec<never>, "name" | "kind" | "unit" | "description">;

/** A metric table and the entries that it is about, whatever their type is. */
export interface BoundTable {
  readonly metrics: readonly Instrument[];
  /** Reports all points at `now`, entry by entry. Never throws: what fails costs one metric of one entry. */
  observe(now: number, report: (metric: Instrument, point: Point) => void): void;
  /** The same points at `now`, metric by metric, and of each what every entry adds to it. Does not throw either. */
  pieces(now: number): readonly (readonly [metric: Instrument, pieces: readonly Piece[]])[];
}

/** The points of one entry. */
export interface Piece {
  /** They are the same as long as this is the same object; undefined: nobody knows. */
  basis(): object | undefined;
  /** Reports them one by one. False if one could not be made: then none counts. */
  each(report: (point: Point) => void): boolean;
}

/** @param entries is called once a collection, and does no I/O */
export function boundTable<Entry>(
  metrics: readonly MetricSpec<Entry>[],
  entries: () => Iterable<Entry>,
): BoundTable {
  const all = (): readonly Entry[] =>
    harmless("the entries of a metric table", () => [...entries()]) ?? [];
  return {
    metrics,
    observe(now, report) {
      for (const entry of all()) {
        for (const metric of metrics) {
          const points = harmless(metric.name, () => [...metric.points(entry, now)]);
          for (const point of points ?? []) report(metric, point);
        }
      }
    },
    pieces(now) {
      const current = all();
      return metrics.map((metric) => [
        metric,
        current.map((entry) => ({
          basis: () => harmless(metric.name, () => metric.basis?.(entry, now)),
          each: (report) =>
            harmless(metric.name, () => {
              for (const point of metric.points(entry, now)) report(point);
              return true;
            }) === true,
        })),
      ]);
    },
  };
}

/**
 * Makes the instruments and one synchronous callback over all tables; returns what unbinds the callback.
 * The callback never throws, since the SDK would drop every observation of that collection.
 * A value that is not finite is not observed: JSON over OTLP has no way to write it.
 */
export function bindMetrics(
  meter: Meter,
  tables: readonly BoundTable[],
  now: () => number,
): () => void {
  const instruments = new Map(
    tables.flatMap(({ metrics }) => metrics).map((metric) => [metric, observable(meter, metric)]),
  );
  const callback: BatchObservableCallback = (result) => {
    const at = now();
    for (const table of tables) {
      table.observe(at, (metric, [value, labels]) => {
        const instrument = instruments.get(metric);
        if (instrument && Number.isFinite(value)) result.observe(instrument, value, labels);
      });
    }
  };
  const observables = [...instruments.values()];
  meter.addBatchObservableCallback(callback, observables);
  return () => meter.removeBatchObservableCallback(callback, observables);
}

function observable(meter: Meter, { name, kind, unit, description }: Instrument): Observable {
  const options = unit ? { unit, description } : { description };
  return kind === "counter"
    ? meter.createObservableCounter(name, options)
    : meter.createObservableGauge(name, options);
}

/** All of it or, if it throws on the way, nothing. */
function harmless<Value>(what: string, make: () => Value): Value | undefined {
  try {
    return make();
  } catch (error) {
    void complain(`${what} could not be observed`, error);
    return undefined;
  }
}

/** The API is loaded only for that: the agent has no use for it before it is scraped. */
async function complain(message: string, error: unknown): Promise<void> {
  const { diag } = await import("@opentelemetry/api");
  diag.error(message, error);
}
