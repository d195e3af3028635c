import { Collector } from "./collector.ts";
import type { CollectorOptions, CollectorSettings } from "./collector.ts";
import { boundTable } from "../metrics/observable-gauges.ts";
import type { BoundTable } from "../metrics/observable-gauges.ts";
import type { Product, ProductParts } from "./source-set.ts";

/** A product with a collector of its own. */
export interface RunningProduct {
  /** Every source has ended an attempt. */
  readonly ready: boolean;
  /** Grows with every change. */
  readonly version: number;
  readonly table: BoundTable;
  configure(settings: CollectorSettings): void;
  start(): void;
  collect(): Promise<unknown> | undefined;
  stop(): Promise<void>;
}

/** Reads nothing before `start` or `collect`. */
export function runProduct(product: Product, options: CollectorOptions): RunningProduct {
  return product(<State>({ sources, metrics }: ProductParts<State>): RunningProduct => {
    const collector = new Collector<State>(options);
    return {
      get ready() {
        return collector.ready;
      },
      get version() {
        return collector.store.version;
      },
      table: boundTable(metrics, () => collector.store.entries()),
      configure: (settings) => collector.configure(sources, settings),
      start: () => collector.start(),
      collect: () => collector.collect(),
      stop: () => collector.stop(),
    };
  });
}
