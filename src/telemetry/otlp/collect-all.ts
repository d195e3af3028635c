import { ValueType } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import { AggregationTemporality, DataPointType } from "@opentelemetry/sdk-metrics";
import type { MetricData, ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { produceMetrics } from "restic-otel-instrumentation/agent";

import { collectOnce } from "../exposition-part.ts";
import type { Bind } from "../exposition-part.ts";
import type { Signals } from "../prometheus-endpoint.ts";

/**
 * All metrics as they are now. Of tables they are made without the SDK, which stops everything else for 0.4 s over 100,000 series.
 * @throws as `collectOnce`
 */
export async function collectAll(
  products: Pick<Signals, "bind" | "tables">,
  agent: Bind,
  resource: Resource,
  startMs: number,
  now: number,
): Promise<ResourceMetrics> {
  const tables = products.tables?.();
  if (!tables) {
    return collectOnce((meter) => {
      const unbind = [products.bind(meter), agent(meter)];
      return () => unbind.forEach((one) => one());
    }, resource);
  }
  const own = await collectOnce(agent, resource);
  const produced = produceMetrics(tables, startMs, now);
  const [scope = { scope: { name: "restic-otel" }, metrics: [] }, ...others] = own.scopeMetrics;
  return {
    resource: own.resource,
    scopeMetrics: [
      { scope: scope.scope, metrics: [...produced.map(metricData), ...scope.metrics] },
      ...others,
    ],
  };
}

type Produced = ReturnType<typeof produceMetrics>[number];

/** The numbers of the data model under the SDK's names for them. */
function metricData({ descriptor, isMonotonic, dataPoints }: Produced): MetricData {
  const shared = {
    descriptor: { ...descriptor, valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPoints,
  };
  return isMonotonic
    ? { ...shared, dataPointType: DataPointType.SUM, isMonotonic }
    : { ...shared, dataPointType: DataPointType.GAUGE };
}
