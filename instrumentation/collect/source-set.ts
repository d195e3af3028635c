import type { MetricSpec, Source, StoreEntry } from "../core/source.ts";

export interface ProductParts<State> {
  readonly sources: readonly Source<State>[];
  readonly metrics: readonly MetricSpec<StoreEntry<State>>[];
}

/**
 * Something that is monitored: what is read, and what is shown of it. Made by `product`. What the type of the state is, is
 * nobody's business but that of its sources and metrics: whoever uses them must take any.
 */
export type Product = <Result>(use: <State>(parts: ProductParts<State>) => Result) => Result;

export function product<State>(parts: ProductParts<State>): Product {
  return (use) => use(parts);
}
