import type { MetricSpec, Source, StoreEntry } from "../core/source.ts";
import { Collector } from "./collector.ts";
import type { CollectorOptions, CollectorSettings } from "./collector.ts";
import { boundTable } from "./gauges.ts";
import type { BoundTable } from "./gauges.ts";

/** Something that is monitored: what is read, and what is shown of it. Made by `product`. */
export type Product = (options: CollectorOptions) => RunningProduct;

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

/** What the type of the state is, is nobody's business but that of the sources and their metrics. */
export function product<State>({
  sources,
  metrics,
}: {
  readonly sources: readonly Source<State>[];
  readonly metrics: readonly MetricSpec<StoreEntry<State>>[];
}): Product {
  return (options) => {
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
  };
}
