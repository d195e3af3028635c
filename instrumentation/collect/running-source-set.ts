import { Collector } from "./collector.ts";
import type { CollectorOptions, CollectorSettings } from "./collector.ts";
import { boundTable } from "../metrics/observable-gauges.ts";
import type { BoundTable } from "../metrics/observable-gauges.ts";
import type { SourceSet, SourceSetParts } from "./source-set.ts";

/** A source set with its collector. */
export interface RunningSourceSet {
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
export function runSourceSet(sourceSet: SourceSet, options: CollectorOptions): RunningSourceSet {
  return sourceSet(<State>({ sources, metrics }: SourceSetParts<State>): RunningSourceSet => {
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
