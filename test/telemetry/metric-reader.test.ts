import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { AggregationTemporality, InstrumentType, MeterProvider } from "@opentelemetry/sdk-metrics";
import { expect, test } from "vitest";

import { ExpositionPart } from "../../src/telemetry/collect-metrics.ts";
import { StateReader } from "../../src/telemetry/metric-reader.ts";
import { SettableSignals, hosts, hostsIn } from "../support/agent/signals.ts";

/** What the cures are for: the same tests on the reader as the SDK has it. If one of them fails, the SDK was cured. */
const stock = () => new PrometheusExporter({ preventServerStart: true });
const cured = () => new StateReader();

class DeltaReader extends PrometheusExporter {
  override selectAggregationTemporality(type: InstrumentType): AggregationTemporality {
    return type === InstrumentType.OBSERVABLE_GAUGE
      ? AggregationTemporality.DELTA
      : AggregationTemporality.CUMULATIVE;
  }
}
const delta = () => new DeltaReader({ preventServerStart: true });

function scraper(reader: PrometheusExporter, signals: SettableSignals): () => Promise<string> {
  signals.bind(new MeterProvider({ readers: [reader] }).getMeter("test"));
  const serializer = new PrometheusSerializer("", false, undefined, true, true);
  return async () => serializer.serialize((await reader.collect()).resourceMetrics);
}

test.for([
  ["stock", stock, 3],
  ["cured", cured, 1],
] as const)("1: three series, then one of them, by the %s reader", async ([, make, shown]) => {
  const signals = new SettableSignals();
  const scrape = scraper(make(), signals);
  signals.set(hosts(1, 3));
  expect(hostsIn(await scrape())).toBe(3);
  signals.set(hosts(2, 2));
  expect(hostsIn(await scrape())).toBe(shown);
});

test("1: a counter goes on where it was", async () => {
  const signals = new SettableSignals();
  const scrape = scraper(cured(), signals);
  for (const calls of [5, 7]) {
    signals.set([], [[calls, { url: "a" }]]);
    expect(await scrape()).toContain(`backup_repository_requests_total{url="a"} ${calls}\n`);
  }
});

test.for([
  ["stock", stock, 1999, true],
  ["cured", cured, 2500, false],
] as const)("2: 2,500 series by the %s reader", async ([, make, shown, overflow]) => {
  const signals = new SettableSignals();
  const scrape = scraper(make(), signals);
  signals.set(hosts(1, 2500));
  const exposition = await scrape();
  expect(hostsIn(exposition)).toBe(shown);
  expect(exposition.includes("otel_metric_overflow")).toBe(overflow);
});

test("2: 2,500 counters are all there too", async () => {
  const signals = new SettableSignals();
  const scrape = scraper(cured(), signals);
  signals.set([], hosts(1, 2500));
  expect((await scrape()).match(/^backup_repository_requests_total\{/gm)).toHaveLength(2500);
});

test.for([
  ["reader with the first cure alone", delta, [10, 0, 0]],
  ["cured reader", cured, [10, 10, 10]],
] as const)("3: three scrapes at once of ten series, by the %s", async ([, make, shown]) => {
  const signals = new SettableSignals();
  const scrape = scraper(make(), signals);
  signals.set(hosts(1, 10));
  const expositions = await Promise.all([scrape(), scrape(), scrape()]);
  expect(expositions.map(hostsIn)).toEqual(shown);
});

test("3: a scrape after another one is a new one", async () => {
  const signals = new SettableSignals();
  const part = new ExpositionPart(signals.bind);
  signals.set(hosts(1, 1));
  await part.render();
  signals.set(hosts(1, 2));
  expect(hostsIn(await part.render())).toBe(2);
  await part.shutdown();
});
