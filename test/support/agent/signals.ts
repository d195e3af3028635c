import { bindMetrics, boundTable } from "../../../instrumentation/metrics/observable-gauges.ts";
import type { BoundTable } from "../../../instrumentation/metrics/observable-gauges.ts";
import type { Labels } from "../../../instrumentation/core/source.ts";
import type { MetricSpec, Point } from "../../../instrumentation/metrics/spec.ts";
import type { Bind } from "../../../src/telemetry/collect-metrics.ts";
import type { Signals } from "../../../src/telemetry/prometheus/endpoint.ts";

const GAUGE: MetricSpec<readonly Point[]> = {
  name: "backup.snapshot_count",
  kind: "gauge",
  description: "Snapshots in the backup set.",
  labels: ["host"],
  points: (points) => points,
};
const COUNTER: MetricSpec<readonly Point[]> = {
  name: "backup.repository.requests",
  kind: "counter",
  description: "Calls of the agent to this repository.",
  labels: ["url"],
  points: (points) => points,
};

/** A gauge and a counter whose points a test sets. */
export class SettableSignals implements Signals {
  gauges: readonly Point[] = [];
  counters: readonly Point[] = [];
  until = Infinity;
  /** How often they were observed. */
  observed = 0;
  #version = 0;

  /** Now they are these. */
  set(gauges: readonly Point[], counters: readonly Point[] = []): void {
    this.gauges = gauges;
    this.counters = counters;
    this.#version += 1;
  }

  version(): number {
    return this.#version;
  }

  validUntil(): number {
    return this.until;
  }

  readonly bind: Bind = (meter) => bindMetrics(meter, this.asTables(), () => 0);

  readonly asTables = (): readonly BoundTable[] => [
    boundTable([GAUGE], () => {
      this.observed += 1;
      return [this.gauges];
    }),
    boundTable([COUNTER], () => [this.counters]),
  ];
}

/** Points of value 1 for the hosts `from` to `to`. */
export function hosts(from: number, to: number): readonly Point[] {
  return Array.from({ length: to - from + 1 }, (_, index): readonly [number, Labels] => [
    1,
    { host: `host-${from + index}` },
  ]);
}

/** How many series of the gauge there are in an exposition. */
export function hostsIn(exposition: string): number {
  return exposition.match(/^backup_snapshot_count\{host="/gm)?.length ?? 0;
}
