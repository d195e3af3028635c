import { emptyResource } from "@opentelemetry/resources";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { expect, test } from "vitest";

import { bindMetrics, boundTable } from "../../../instrumentation/collect/gauges.ts";
import type { MetricSpec, Point } from "../../../instrumentation/core/source.ts";
import { collectAll } from "../../../src/telemetry/otlp/collect-all.ts";
import { since } from "../../../src/telemetry/otlp/since.ts";

function spec(name: string, kind: "gauge" | "counter", points: readonly Point[]): MetricSpec<null> {
  return { name, kind, unit: "s", description: "What it says.", labels: [], points: () => points };
}

const PRODUCTS = [
  boundTable(
    [
      spec("a.gauge", "gauge", [
        [1, { url: "x", host: "h" }],
        [Number.NaN, { url: "y" }],
        [-2.5, {}],
      ]),
      spec("a.counter", "counter", [[3, { url: "x" }]]),
      spec("a.nothing", "gauge", []),
    ],
    () => [null],
  ),
];
const AGENT = [boundTable([spec("b.gauge", "gauge", [[4, {}]])], () => [null])];

/** Without the times of points, which are those of the clock. */
function timeless({ scopeMetrics }: ResourceMetrics): unknown {
  return scopeMetrics.map(({ scope, metrics }) => ({
    name: scope.name,
    metrics: metrics.map((metric) => ({
      // What the SDK has beside these is not sent.
      descriptor: { ...metric.descriptor, advice: undefined },
      type: metric.dataPointType,
      monotonic: "isMonotonic" in metric && metric.isMonotonic,
      points: metric.dataPoints.map(({ attributes, value }) => ({ attributes, value })),
    })),
  }));
}

test("what is made of tables is what the SDK makes of them", async () => {
  const bind = (tables: typeof PRODUCTS) => (meter: Parameters<typeof bindMetrics>[0]) =>
    bindMetrics(meter, tables, () => 0);
  const all = (tables: typeof PRODUCTS | undefined): Promise<ResourceMetrics> =>
    collectAll(
      { bind: bind(PRODUCTS), tables: () => tables },
      bind(AGENT),
      emptyResource(),
      5000,
      9000,
    );
  const [ours, sdk] = [await all(PRODUCTS), await all(undefined)];
  expect(timeless(ours)).toEqual(timeless(sdk));
  const counter = since(ours, 5000).scopeMetrics[0]?.metrics.find(
    ({ descriptor }) => descriptor.name === "a.counter",
  );
  expect(counter?.dataPoints[0]).toMatchObject({ startTime: [5, 0], endTime: [9, 0] });
});
