import { expect, test } from "vitest";

import { boundTable } from "../../../instrumentation/metrics/bound-table.ts";
import type { MetricSpec, Point } from "../../../instrumentation/metrics/spec.ts";
import { collectMetrics } from "../../../src/telemetry/collect-metrics.ts";
import { batches } from "../../../src/telemetry/otlp/batches.ts";
import { withCounterStart } from "../../../src/telemetry/otlp/start-time.ts";
import { agentProducer } from "../../../src/telemetry/resource.ts";
import { hosts } from "../../support/agent/settable-tables.ts";

function metric(name: string, kind: "gauge" | "counter", count: number): MetricSpec<null> {
  return {
    name,
    kind,
    description: "d",
    labels: ["host"],
    points: (): readonly Point[] => hosts(1, count),
  };
}

const collected = collectMetrics(
  [
    boundTable(
      [
        metric("a", "gauge", 3),
        metric("b", "counter", 2),
        metric("none", "gauge", 0),
        metric("c", "gauge", 4),
      ],
      () => [null],
    ),
  ],
  0,
  agentProducer("1", "here"),
);

test.for([
  [1, 9],
  [2, 5],
  [3, 3],
  [4, 3],
  [9, 1],
  [100, 1],
])("batches of %i points: %i of them", async ([size = 0, count]) => {
  const parts = [...batches((await collected).resourceMetrics, size)];
  expect(parts).toHaveLength(count ?? 0);
  const points: string[] = [];
  for (const { resource, scopeMetrics } of parts) {
    expect(resource.attributes["service.name"]).toBe("restic-otel");
    const metrics = scopeMetrics.flatMap((scope) => scope.metrics);
    const inPart = metrics.flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes }) => `${descriptor.name} ${String(attributes["host"])}`),
    );
    expect(inPart.length).toBeLessThanOrEqual(size);
    points.push(...inPart);
  }
  expect(points).toEqual([
    "a host-1",
    "a host-2",
    "a host-3",
    "b host-1",
    "b host-2",
    "c host-1",
    "c host-2",
    "c host-3",
    "c host-4",
  ]);
});

test("counters count since the start of the agent, not since the collect", async () => {
  const { scopeMetrics } = withCounterStart((await collected).resourceMetrics, 1_767_225_600_250);
  const starts = scopeMetrics
    .flatMap(({ metrics }) => metrics)
    .filter(({ descriptor }) => descriptor.name === "b")
    .flatMap(({ dataPoints }) => dataPoints.map(({ startTime }) => startTime));
  expect(starts).toEqual([
    [1_767_225_600, 250_000_000],
    [1_767_225_600, 250_000_000],
  ]);
});
