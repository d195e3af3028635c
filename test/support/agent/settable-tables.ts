import { boundTable } from "../../../instrumentation/metrics/bound-table.ts";
import type { BoundTable } from "../../../instrumentation/metrics/bound-table.ts";
import type { Labels } from "../../../instrumentation/core/source.ts";
import type { MetricSpec, Point } from "../../../instrumentation/metrics/spec.ts";

const GAUGE: MetricSpec<Point> = {
  name: "backup.snapshot_count",
  kind: "gauge",
  description: "Snapshots in the backup set.",
  labels: ["host"],
  points: (point) => [point],
};
const COUNTER: MetricSpec<Point> = {
  name: "backup.repository.requests",
  kind: "counter",
  description: "Calls of the agent to this repository.",
  labels: ["url"],
  points: (point) => [point],
};

/** A table with a gauge and one with a counter, whose points a test sets. */
export class SettableTables {
  gauges: readonly Point[] = [];
  counters: readonly Point[] = [];
  /** When the value of a gauge changes next, milliseconds since the epoch. */
  until = Infinity;
  /** How often a point of the gauge was observed. */
  observed = 0;

  set(gauges: readonly Point[], counters: readonly Point[] = []): void {
    this.gauges = gauges;
    this.counters = counters;
  }

  /** The gauge is chunkable, the counter is not. */
  readonly tables: readonly BoundTable[] = [
    boundTable(
      [{ ...GAUGE, points: (point) => this.#observe(point) }],
      () => this.gauges,
      () => this.until,
    ),
    boundTable([COUNTER], () => this.counters),
  ];

  #observe(point: Point): readonly Point[] {
    this.observed += 1;
    return [point];
  }
}

/** Points of value 1 for the hosts `from` to `to`. */
export function hosts(from: number, to: number): readonly Point[] {
  return Array.from({ length: to - from + 1 }, (_, index): readonly [number, Labels] => [
    1,
    { host: `host-${from + index}` },
  ]);
}

/** The number of series of the gauge in an exposition. */
export function hostsIn(exposition: string): number {
  return exposition.match(/^backup_snapshot_count\{host="/gm)?.length ?? 0;
}
