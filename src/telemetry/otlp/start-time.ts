import { DataPointType } from "@opentelemetry/sdk-metrics";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";

/**
 * The same metrics with `startMs` (milliseconds since the epoch) as the start time of counters. The SDK sets the time of the collect,
 * and a back end takes a new start time for a reset.
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
