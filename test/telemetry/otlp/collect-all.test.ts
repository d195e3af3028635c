import { emptyResource } from "@opentelemetry/resources";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { expect, test } from "vitest";

import { bindMetrics, boundTable } from "../../../instrumentation/metrics/observable-gauges.ts";
import type { BoundTable } from "../../../instrumentation/metrics/observable-gauges.ts";
import type { MetricSpec, Point } from "../../../instrumentation/metrics/spec.ts";
import type { Bind } from "../../../src/telemetry/collect-metrics.ts";
import { collectAll } from "../../../src/telemetry/otlp/collect-all.ts";

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

function collect(
  products: readonly BoundTable[],
  tables: readonly BoundTable[] | undefined,
  size: number,
): Promise<Iterable<ResourceMetrics>> {
  const bind =
    (bound: readonly BoundTable[]): Bind =>
    (meter) =>
      bindMetrics(meter, bound, () => 0);
  return collectAll(
    {
      products: { bind: bind(products), tables: () => tables },
      agent: bind(AGENT),
      resource: emptyResource(),
      startMs: 5000,
    },
    9000,
    size,
  );
}

test("what is made of tables is what the SDK makes of them", async () => {
  const [ours, ...more] = await collect(PRODUCTS, PRODUCTS, 100);
  const [sdk] = await collect(PRODUCTS, undefined, 100);
  if (!ours || !sdk) return expect.fail();
  expect(more).toEqual([]);
  expect(timeless(ours)).toEqual(timeless(sdk));
  for (const { scopeMetrics } of [ours, sdk]) {
    const counter = scopeMetrics[0]?.metrics.find(
      ({ descriptor }) => descriptor.name === "a.counter",
    );
    expect(counter?.dataPoints[0]?.startTime).toEqual([5, 0]);
  }
  expect(ours.scopeMetrics[0]?.metrics[0]?.dataPoints[0]?.endTime).toEqual([9, 0]);
});

/** `metric value` of each point, part by part. */
function pointsIn(parts: Iterable<ResourceMetrics>): readonly (readonly string[])[] {
  return [...parts].map(({ scopeMetrics }) =>
    scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ value }) => `${descriptor.name} ${JSON.stringify(value)}`),
      ),
  );
}

test.for([
  [1, [["a.gauge 1"], ["a.gauge -2.5"], ["a.counter 3"], ["b.gauge 4"]]],
  [
    2,
    [
      ["a.gauge 1", "a.gauge -2.5"],
      ["a.counter 3", "b.gauge 4"],
    ],
  ],
  [3, [["a.gauge 1", "a.gauge -2.5", "a.counter 3"], ["b.gauge 4"]]],
  [4, [["a.gauge 1", "a.gauge -2.5", "a.counter 3", "b.gauge 4"]]],
] as const)("in parts of %i points, on both ways", async ([size, expected]) => {
  expect(pointsIn(await collect(PRODUCTS, PRODUCTS, size))).toEqual(expected);
  expect(pointsIn(await collect(PRODUCTS, undefined, size))).toEqual(expected);
});

test("all parts are of the moment in which they were collected", async () => {
  let values = [1, 2, 3];
  const metric: MetricSpec<number> = {
    name: "a",
    kind: "gauge",
    description: "What it says.",
    labels: ["value"],
    points: (value) => [[value, { value: String(value) }]],
  };
  const table = boundTable([metric], () => values);
  const parts = await collect([table], [table], 1);
  values = [7, 8];
  expect(pointsIn(parts)).toEqual([["a 1"], ["a 2"], ["a 3"], ["b.gauge 4"]]);
});
