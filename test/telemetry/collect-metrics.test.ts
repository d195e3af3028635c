import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { expect, test } from "vitest";

import { boundTable } from "../../instrumentation/metrics/bound-table.ts";
import { bindMetrics } from "../../instrumentation/metrics/observable-gauges.ts";
import type { MetricSpec } from "../../instrumentation/metrics/spec.ts";
import { collectMetrics } from "../../src/telemetry/collect-metrics.ts";
import { hosts, hostsIn, SettableTables } from "../support/agent/settable-tables.ts";
import { PRODUCER } from "../support/agent/table-text.ts";
import { ManualReader } from "../support/otlp/manual-reader.ts";

const NOW = 1_717_200_000_000;
const serializer = new PrometheusSerializer("", false, undefined, true, true);

type Scrape = () => Promise<string>;

/** One provider for all scrapes, with the stock reader: these tests show the habits of the SDK. If one fails, the SDK has changed. */
function oneProvider({ tables }: SettableTables): Scrape {
  const reader = new ManualReader();
  bindMetrics(new MeterProvider({ readers: [reader] }).getMeter("test"), tables, () => NOW);
  return async () => serializer.serialize((await reader.collect()).resourceMetrics);
}

/** The way of the agent. */
function oneProviderEach({ tables }: SettableTables): Scrape {
  return async () =>
    serializer.serialize((await collectMetrics(tables, NOW, PRODUCER)).resourceMetrics);
}

test.for([
  ["one provider", oneProvider, 3],
  ["a provider for each collect", oneProviderEach, 1],
] as const)("habit 1: with %s a gauge shows three series, then one", async ([, make, shown]) => {
  const settable = new SettableTables();
  const scrape = make(settable);
  settable.set(hosts(1, 3));
  expect(hostsIn(await scrape())).toBe(3);
  settable.set(hosts(2, 2));
  expect(hostsIn(await scrape())).toBe(shown);
});

test("counters keep their value from collect to collect", async () => {
  const settable = new SettableTables();
  const scrape = oneProviderEach(settable);
  for (const calls of [5, 7]) {
    settable.set([], [[calls, { url: "a" }]]);
    expect(await scrape()).toContain(`backup_repository_requests_total{url="a"} ${calls}\n`);
  }
});

test.for([
  ["one provider", oneProvider, 1999, true],
  ["a provider for each collect", oneProviderEach, 2500, false],
] as const)("habit 2: with %s 2,500 series", async ([, make, shown, overflow]) => {
  const settable = new SettableTables();
  const scrape = make(settable);
  settable.set(hosts(1, 2500), hosts(1, 2500));
  const text = await scrape();
  expect(hostsIn(text)).toBe(shown);
  expect(text.match(/^backup_repository_requests_total\{host=/gm)).toHaveLength(shown);
  expect(text.includes("otel_metric_overflow")).toBe(overflow);
});

test("habits 3 and 4: collects that run at once are all complete", async () => {
  const settable = new SettableTables();
  const scrape = oneProviderEach(settable);
  settable.set(hosts(1, 10));
  expect((await Promise.all([scrape(), scrape(), scrape()])).map(hostsIn)).toEqual([10, 10, 10]);
});

test.for([
  ["one provider", oneProvider, /\{url="a"} 5\n.*\{url="b"} 7\n/],
  ["a provider for each collect", oneProviderEach, /counter\n.*\{url="b"} 7\n/],
] as const)("habit 5: with %s the counter of a removed repository", async ([, make, shown]) => {
  const settable = new SettableTables();
  const scrape = make(settable);
  settable.set(
    [],
    [
      [5, { url: "a" }],
      [6, { url: "b" }],
    ],
  );
  await scrape();
  settable.set([], [[7, { url: "b" }]]);
  expect(await scrape()).toMatch(shown);
});

test("the metrics have the resource and the scope of the producer", async () => {
  const settable = new SettableTables();
  settable.set(hosts(1, 1));
  const { resourceMetrics } = await collectMetrics(settable.tables, NOW, PRODUCER);
  expect(resourceMetrics.resource).toBe(PRODUCER.resource);
  expect(
    resourceMetrics.scopeMetrics.map(({ scope: { name, version } }) => [name, version]),
  ).toEqual([["restic-otel", "1.2.3"]]);
});

const SEATS: MetricSpec<number> = {
  name: "seats",
  kind: "gauge",
  description: "Seats.",
  labels: ["room"],
  points: (seats) => {
    if (seats < 0) throw new Error("bad");
    return [[seats, { room: String(seats) }]];
  },
};

function pointsIn({ scopeMetrics }: ResourceMetrics): readonly unknown[] {
  return scopeMetrics
    .flatMap(({ metrics }) => metrics)
    .flatMap(({ dataPoints }) => dataPoints.map(({ value }) => value));
}

test("an entry that throws is missing, and the result says so", async () => {
  const collect = (seats: readonly number[]) =>
    collectMetrics([boundTable([SEATS], () => seats)], NOW, PRODUCER);
  const good = await collect([1, 2]);
  expect([good.isComplete, pointsIn(good.resourceMetrics)]).toEqual([true, [1, 2]]);
  const bad = await collect([1, -1, 2]);
  expect([bad.isComplete, pointsIn(bad.resourceMetrics)]).toEqual([false, [1, 2]]);
});

test("a collect that the SDK could not complete is a failure, not a result without its series", async () => {
  const broken = {
    ...boundTable([SEATS], () => [1]),
    entries: () => {
      throw new RangeError("out of it");
    },
  };
  await expect(collectMetrics([broken], NOW, PRODUCER)).rejects.toMatchObject({
    code: "other",
    message: "metrics could not be collected: RangeError: out of it",
  });
});
