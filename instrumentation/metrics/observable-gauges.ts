import type { BatchObservableCallback, Meter, Observable } from "@opentelemetry/api";

import type { BoundTable, Instrument } from "./bound-table.ts";

export type { Meter };

/**
 * Makes the instruments and one synchronous callback over all tables; returns a function that removes the callback.
 * The callback never throws, since the SDK would drop every observation of that collection.
 * @param failed is called if points of an entry are missing because its metric threw
 */
export function bindMetrics(
  meter: Meter,
  tables: readonly BoundTable[],
  now: () => number,
  failed: () => void = () => {},
): () => void {
  const instruments = new Map(
    tables.flatMap(({ metrics }) => metrics).map((metric) => [metric, observable(meter, metric)]),
  );
  const callback: BatchObservableCallback = (result) => {
    const at = now();
    for (const table of tables) {
      const isComplete = table.entries().observe(at, (metric, [value, labels]) => {
        const instrument = instruments.get(metric);
        if (instrument) result.observe(instrument, value, labels);
      });
      if (!isComplete) failed();
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
