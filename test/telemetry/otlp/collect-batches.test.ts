import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { expect, test } from "vitest";

import { boundTable } from "../../../instrumentation/metrics/bound-table.ts";
import type { BoundTable } from "../../../instrumentation/metrics/bound-table.ts";
import type { MetricSpec, Point } from "../../../instrumentation/metrics/spec.ts";
import { collectBatches } from "../../../src/telemetry/otlp/collect-batches.ts";
import { PRODUCER } from "../../support/agent/table-text.ts";

function spec(name: string, kind: "gauge" | "counter", points: readonly Point[]): MetricSpec<null> {
  return { name, kind, unit: "s", description: "d", labels: [], points: () => points };
}

const WHOLE = boundTable(
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
);

/** A chunkable table of so many entries. */
function numbers(count: number): BoundTable {
  const entries = Array.from({ length: count }, (_, index) => index);
  const metric: MetricSpec<number> = {
    ...spec("number", "gauge", []),
    points: (index) => [[index, { index: String(index) }]],
  };
  return boundTable(
    [metric],
    () => entries,
    () => Infinity,
  );
}

async function collect(
  tables: readonly BoundTable[],
  size: number,
): Promise<readonly ResourceMetrics[]> {
  return Array.fromAsync(collectBatches({ tables, producer: PRODUCER, startMs: 5000 }, 9000, size));
}

/** `metric value` of each point, batch by batch. */
function pointsIn(batches: readonly ResourceMetrics[]): readonly (readonly string[])[] {
  return batches.map(({ scopeMetrics }) =>
    scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ value }) => `${descriptor.name} ${JSON.stringify(value)}`),
      ),
  );
}

test.for([
  [1, [["a.gauge 1"], ["a.gauge -2.5"], ["a.counter 3"], ["number 0"], ["number 1"]]],
  [2, [["a.gauge 1", "a.gauge -2.5"], ["a.counter 3"], ["number 0", "number 1"]]],
  [100, [["a.gauge 1", "a.gauge -2.5", "a.counter 3", "number 0", "number 1"]]],
] as const)("batches of at most %i points", async ([size, expected]) => {
  expect(pointsIn(await collect([numbers(2), WHOLE], size))).toEqual(expected);
});

test("the chunks of a table fill batches, in which a metric is once", async () => {
  const collected = await collect([numbers(1000)], 300);
  const batches = pointsIn(collected);
  expect(batches.map(({ length }) => length)).toEqual([256, 256, 256, 232]);
  expect(batches.flat()).toEqual(Array.from({ length: 1000 }, (_, index) => `number ${index}`));
  for (const { resource, scopeMetrics } of collected) {
    expect(resource).toBe(PRODUCER.resource);
    expect(scopeMetrics.map(({ metrics }) => metrics.length)).toEqual([1]);
    expect(scopeMetrics[0]?.scope).toMatchObject({ name: "restic-otel", version: "1.2.3" });
  }
});

test("without a point there is no batch", async () => {
  expect(await collect([numbers(0)], 100)).toEqual([]);
});

test("counters count since the start of the agent", async () => {
  const [batch] = await collect([WHOLE], 100);
  const counter = batch?.scopeMetrics[0]?.metrics.find(
    ({ descriptor }) => descriptor.name === "a.counter",
  );
  expect(counter?.dataPoints[0]?.startTime).toEqual([5, 0]);
});

test("all batches show the entries of the first one, and other work runs between them", async () => {
  let entries = Array.from({ length: 300 }, (_, index) => ({ index }));
  const metric: MetricSpec<{ readonly index: number }> = {
    ...spec("a", "gauge", []),
    points: ({ index }) => [[index, { index: String(index) }]],
  };
  const table = boundTable(
    [metric],
    () => entries,
    () => Infinity,
  );
  setImmediate(() => {
    entries = [];
  });
  expect(pointsIn(await collect([table], 5000)).flat()).toHaveLength(300);
  expect(entries).toEqual([]);
});
