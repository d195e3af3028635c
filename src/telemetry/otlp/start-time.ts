import { DataPointType } from "@opentelemetry/sdk-metrics";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";

/**
 * The same metrics with counters that count since `startMs` (milliseconds since the epoch). The SDK counts from when their
 * instrument was made; a back end takes another start for a reset.
 */
export function withCounterStart(all: ResourceMetrics, startMs: number): ResourceMetrics {
  const startTime: [number, number] = [
    Math.floor(startMs / 1000),
    Math.floor(startMs % 1000) * 1e6,
  ];
  return {
    resource: all.resource,
    scopeMetrics: all.scopeMetrics.map(({ scope, metrics }) => ({
      scope,
      metrics: metrics.map((metric) =>
        metric.dataPointType === DataPointType.SUM
          ? { ...metric, dataPoints: metric.dataPoints.map((point) => ({ ...point, startTime })) }
          : metric,
      ),
    })),
  };
}
