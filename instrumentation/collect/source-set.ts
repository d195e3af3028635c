import type { Source, StoreEntry } from "../core/source.ts";
import type { MetricSpec } from "../metrics/spec.ts";

export interface SourceSetParts<State> {
  readonly sources: readonly Source<State>[];
  readonly metrics: readonly MetricSpec<StoreEntry<State>>[];
}

/**
 * Something that is monitored: what is read, and what is shown of it. Made by `sourceSet`. What the type of the state is, is
 * nobody's business but that of its sources and metrics: whoever uses them must take any.
 */
export type SourceSet = <Result>(use: <State>(parts: SourceSetParts<State>) => Result) => Result;

export function sourceSet<State>(parts: SourceSetParts<State>): SourceSet {
  return (use) => use(parts);
}
