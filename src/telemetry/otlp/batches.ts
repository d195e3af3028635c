import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";

type Metric = ResourceMetrics["scopeMetrics"][number]["metrics"][number];

export function pointsOf({ scopeMetrics }: ResourceMetrics): number {
  let points = 0;
  for (const { metrics } of scopeMetrics)
    for (const { dataPoints } of metrics) points += dataPoints.length;
  return points;
}

/**
 * The same metrics in batches of at most `size` points each.
 * A metric may be in several batches.
 */
export function* batches(all: ResourceMetrics, size: number): Generator<ResourceMetrics> {
  const { resource } = all;
  for (const { scope, metrics } of all.scopeMetrics) {
    let batch: Metric[] = [];
    let points = 0;
    for (const metric of metrics) {
      for (let from = 0; from < metric.dataPoints.length;) {
        const slice = metric.dataPoints.slice(from, from + size - points);
        batch.push(withPoints(metric, slice));
        from += slice.length;
        points += slice.length;
        if (points < size) continue;
        yield { resource, scopeMetrics: [{ scope, metrics: batch }] };
        batch = [];
        points = 0;
      }
    }
    if (points > 0) yield { resource, scopeMetrics: [{ scope, metrics: batch }] };
  }
}

/** Metrics of one producer that were collected one after the other: each metric once, with the points of both. */
export function merged(first: ResourceMetrics, second: ResourceMetrics): ResourceMetrics {
  const [scopeMetrics] = [...first.scopeMetrics, ...second.scopeMetrics];
  if (!scopeMetrics) return first;
  const byName = new Map<string, Metric>();
  for (const metric of [first, second].flatMap(metricsOf)) {
    const points = byName.get(metric.descriptor.name)?.dataPoints ?? [];
    byName.set(metric.descriptor.name, withPoints(metric, [...points, ...metric.dataPoints]));
  }
  const { scope } = scopeMetrics;
  return { resource: first.resource, scopeMetrics: [{ scope, metrics: [...byName.values()] }] };
}

function metricsOf({ scopeMetrics }: ResourceMetrics): readonly Metric[] {
  return scopeMetrics.flatMap(({ metrics }) => metrics);
}

/** The points must be of the kind of the metric. */
function withPoints(metric: Metric, dataPoints: readonly Metric["dataPoints"][number][]): Metric {
  return Object.assign({ ...metric }, { dataPoints });
}
