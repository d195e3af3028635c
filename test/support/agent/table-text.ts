import { emptyResource } from "@opentelemetry/resources";

import type { BoundTable } from "../../../instrumentation/metrics/bound-table.ts";
import type { Producer } from "../../../src/telemetry/collect-metrics.ts";
import { PrometheusEndpoint } from "../../../src/telemetry/prometheus/endpoint.ts";
import { FakeClock } from "../core/clock.ts";

export const PRODUCER: Producer = { resource: emptyResource(), version: "1.2.3" };

/** The exposition of tables by an endpoint that has not rendered before. */
export async function tableText(tables: readonly BoundTable[], now: number): Promise<string> {
  const clock = new FakeClock(now);
  const options = { tables, producer: PRODUCER, targetInfo: false, clock };
  const { plain } = await new PrometheusEndpoint(options).render();
  return Buffer.concat(plain).toString();
}
