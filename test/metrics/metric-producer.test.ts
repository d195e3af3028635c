import { expect, test } from "vitest";

import { boundTable } from "../../instrumentation/metrics/bound-table.ts";
import { produceMetrics } from "../../instrumentation/metrics/metric-producer.ts";
import type { MetricSpec, Point } from "../../instrumentation/metrics/spec.ts";

function spec(name: string, kind: "gauge" | "counter", points: readonly Point[]): MetricSpec<null> {
  return { name, kind, unit: "s", description: "d", labels: ["a"], points: () => points };
}

test("gauges and counters have the form of the SDK's data model, without values that are not finite and metrics without points", () => {
  const table = boundTable(
    [
      spec("g", "gauge", [
        [1, { a: "x" }],
        [Number.NaN, { a: "y" }],
        [Infinity, { a: "z" }],
      ]),
      spec("c", "counter", [[2, { a: "x" }]]),
      spec("none", "gauge", []),
      spec("nothing", "gauge", [[-Infinity, { a: "x" }]]),
    ],
    () => [null],
  );
  const times = { startTime: [1, 500_000_000], endTime: [3, 0] };
  expect(produceMetrics([table], 1500, 3000)).toEqual([
    {
      descriptor: {
        name: "g",
        description: "d",
        unit: "s",
        type: "OBSERVABLE_GAUGE",
        valueType: 1,
      },
      aggregationTemporality: 1,
      dataPointType: 2,
      dataPoints: [{ ...times, attributes: { a: "x" }, value: 1 }],
    },
    {
      descriptor: {
        name: "c",
        description: "d",
        unit: "s",
        type: "OBSERVABLE_COUNTER",
        valueType: 1,
      },
      aggregationTemporality: 1,
      dataPointType: 3,
      isMonotonic: true,
      dataPoints: [{ ...times, attributes: { a: "x" }, value: 2 }],
    },
  ]);
});

test("metrics with the same name in several tables are one metric, at the position of the first", () => {
  const tables = [1, 2].map((value) =>
    boundTable(
      [
        spec("g", "gauge", [[value, { a: String(value) }]]),
        spec(`other.${value}`, "gauge", [[3, {}]]),
      ],
      () => [null],
    ),
  );
  const metrics = produceMetrics(tables, 0, 0);
  expect(
    metrics.map(({ descriptor, dataPoints }) => [
      descriptor.name,
      dataPoints.map(({ value }) => value),
    ]),
  ).toEqual([
    ["g", [1, 2]],
    ["other.1", [3]],
    ["other.2", [3]],
  ]);
});
