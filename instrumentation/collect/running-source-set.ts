import { Collector } from "./collector.ts";
import type { CollectorOptions } from "./collector.ts";
import type { CollectorSettings } from "./plan.ts";
import { boundTable } from "../metrics/bound-table.ts";
import type { BoundTable } from "../metrics/bound-table.ts";
import type { SourceSet, SourceSetParts } from "./source-set.ts";

/** A source set with its collector. */
export interface RunningSourceSet {
  readonly collector: Pick<Collector<unknown>, "ready" | "start" | "collect" | "stop">;
  readonly table: BoundTable;
  configure(settings: CollectorSettings): void;
}

/** Collects nothing before `start` or `collect` is called. */
export function runSourceSet(sourceSet: SourceSet, options: CollectorOptions): RunningSourceSet {
  return sourceSet(<State>({ sources, metrics }: SourceSetParts<State>): RunningSourceSet => {
    const collector = new Collector<State>(options);
    return {
      collector,
      table: boundTable(metrics, () => collector.store.entries()),
      configure: (settings) => collector.configure(sources, settings),
    };
  });
}
