import type { BatchObservableCallback, Meter, Observable } from "@opentelemetry/api";

import type { MetricSpec, Point } from "./spec.ts";

export type { Meter };

/** What an instrument is made of. */
type Instrument = Pick<MetricSpec<never>, "name" | "kind" | "unit" | "description">;

/** A metric table and the entries that it is about, whatever their type is. */
export interface BoundTable {
  readonly metrics: readonly Instrument[];
  /** What every entry adds to each metric at `now`. Never throws: what fails costs one metric of one entry. */
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
  return {
    metrics,
    pieces(now) {
      const current = harmless("the entries of a metric table", () => [...entries()]) ?? [];
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

/** Those that can be told: JSON over OTLP has no way to write a value that is not finite. */
export function finitePoints(piece: Piece): readonly Point[] {
  const points: Point[] = [];
  const isMade = piece.each((point) => {
    if (Number.isFinite(point[0])) points.push(point);
  });
  return isMade ? points : [];
}

/**
 * Makes the instruments and one synchronous callback over all tables; returns what unbinds the callback.
 * The callback never throws, since the SDK would drop every observation of that collection.
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
    for (const [metric, pieces] of tables.flatMap((table) => table.pieces(at))) {
      const instrument = instruments.get(metric);
      for (const [value, labels] of pieces.flatMap(finitePoints))
        if (instrument) result.observe(instrument, value, labels);
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
