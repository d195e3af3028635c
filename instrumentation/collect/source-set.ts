import type { Source, StoreEntry } from "../core/source.ts";
import type { MetricSpec } from "../metrics/spec.ts";

export interface SourceSetParts<State> {
  readonly sources: readonly Source<State>[];
  readonly metrics: readonly MetricSpec<StoreEntry<State>>[];
}

/**
 * Sources and the metrics of their states, made by `sourceSet`. A function, so that the type of the state stays hidden:
 * a caller passes a generic function, which receives the parts with their own type.
 */
export type SourceSet = <Result>(use: <State>(parts: SourceSetParts<State>) => Result) => Result;

export function sourceSet<State>(parts: SourceSetParts<State>): SourceSet {
  return (use) => use(parts);
}
