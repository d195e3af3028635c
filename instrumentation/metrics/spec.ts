import type { Labels } from "../core/source.ts";

export type Point = readonly [value: number, labels: Labels];

/** One metric: a row of a metric table. Only the tables name metrics; code that reads repositories does not. */
export interface MetricSpec<Entry> {
  /** The name of the OpenTelemetry instrument; the Prometheus name has `_` for `.` (and ends in `_total` for a counter). */
  readonly name: string;
  readonly kind: "gauge" | "counter";
  /** A unit that a Collector would append must be in the name already. */
  readonly unit?: "s" | "By";
  readonly description: string;
  /** Label names in the order of the documentation. */
  readonly labels: readonly string[];
  /** Does no I/O and does not throw. @param now milliseconds since the epoch */
  points(entry: Entry, now: number): Iterable<Point>;
}
