import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";

type Metric = ResourceMetrics["scopeMetrics"][number]["metrics"][number];

export function pointsOf({ scopeMetrics }: ResourceMetrics): number {
  let points = 0;
  for (const { metrics } of scopeMetrics)
    for (const { dataPoints } of metrics) points += dataPoints.length;
  return points;
}

/**
 * The same metrics in parts of at most `size` points each.
 * A metric may be in several parts.
 */
export function* batches(all: ResourceMetrics, size: number): Generator<ResourceMetrics> {
  const { resource } = all;
  for (const { scope, metrics } of all.scopeMetrics) {
    let part: Metric[] = [];
    let points = 0;
    for (const metric of metrics) {
      for (let from = 0; from < metric.dataPoints.length;) {
        const slice = metric.dataPoints.slice(from, from + size - points);
        // What kind of points these are does not change with their number.
        part.push(Object.assign({ ...metric }, { dataPoints: slice }));
        from += slice.length;
        points += slice.length;
        if (points < size) continue;
        yield { resource, scopeMetrics: [{ scope, metrics: part }] };
        part = [];
        points = 0;
      }
    }
    if (points > 0) yield { resource, scopeMetrics: [{ scope, metrics: part }] };
  }
}
