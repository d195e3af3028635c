import { gunzipSync } from "node:zlib";

import { expect, onTestFinished, test } from "vitest";

import { bindMetrics, boundTable } from "../../../instrumentation/metrics/observable-gauges.ts";
import type { MetricSpec, Point } from "../../../instrumentation/metrics/spec.ts";
import { ExpositionPart } from "../../../src/telemetry/collect-metrics.ts";
import { PrometheusEndpoint } from "../../../src/telemetry/prometheus/endpoint.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { SettableSignals, hosts, hostsIn } from "../../support/agent/signals.ts";

function bench() {
  const clock = new FakeClock();
  const products = new SettableSignals();
  const agent = new SettableSignals();
  agent.set([], [[1, { url: "agent" }]]);
  const endpoint = new PrometheusEndpoint({ products, agent: agent.asTables, clock });
  onTestFinished(() => endpoint.shutdown());
  const scrape = async (): Promise<string> => (await endpoint.render()).plain().join("");
  return { clock, products, agent, endpoint, scrape };
}

test("the products are rendered once a version, the agent at each scrape", async () => {
  const { products, agent, scrape } = bench();
  products.set(hosts(1, 2));
  expect(hostsIn(await scrape())).toBe(2);
  agent.set([], [[2, { url: "agent" }]]);
  expect(await scrape()).toMatch(/host-2"} 1\n[^]*\{url="agent"} 2\n$/);
  expect([products.observed, agent.observed]).toEqual([1, 2]);
  products.set(hosts(1, 3));
  expect(hostsIn(await scrape())).toBe(3);
  expect(products.observed).toBe(2);
});

test("scrapes at once are all whole and cost one rendering of the products", async () => {
  const { products, agent, scrape } = bench();
  products.set(hosts(1, 10));
  const expositions = await Promise.all([scrape(), scrape(), scrape()]);
  expect(expositions.map(hostsIn)).toEqual([10, 10, 10]);
  expect(expositions.every((text) => text.endsWith('{url="agent"} 1\n'))).toBe(true);
  expect([products.observed, agent.observed]).toEqual([1, 3]);
});

test("a scrape during that of an older version shows the new one", async () => {
  const { products, scrape } = bench();
  products.set(hosts(1, 1));
  const before = scrape();
  products.set(hosts(1, 2));
  expect(hostsIn(await scrape())).toBe(2);
  // Loading the SDK took the first one longer.
  expect(hostsIn(await before)).toBe(2);
  expect(hostsIn(await scrape())).toBe(2);
});

test("at the boundary that the signals name they are rendered anew", async () => {
  const { clock, products, scrape } = bench();
  products.set(hosts(1, 1));
  products.until = clock.now() + 1000;
  await scrape();
  await clock.advance(999);
  await scrape();
  expect(products.observed).toBe(1);
  await clock.advance(1);
  products.until = Infinity;
  await scrape();
  expect(products.observed).toBe(2);
});

test("a clock that was set back renders anew", async () => {
  const { clock, products, scrape } = bench();
  products.set(hosts(1, 1));
  await scrape();
  clock.step(-1);
  await scrape();
  expect(products.observed).toBe(2);
});

test("5: counters of a removed repository end; in one provider that stays they do not", async () => {
  const { products, scrape } = bench();
  const part = new ExpositionPart(products.bind);
  onTestFinished(() => part.shutdown());
  products.set(
    [],
    [
      [5, { url: "a" }],
      [6, { url: "b" }],
    ],
  );
  for (const text of [await scrape(), await part.render()])
    expect(text).toMatch(/\{url="a"} 5\n.*\{url="b"} 6\n/);

  products.set([], [[7, { url: "b" }]]);
  expect(await part.render()).toMatch(/\{url="a"} 5\n.*\{url="b"} 7\n/);
  expect(await scrape()).toMatch(/counter\nbackup_repository_requests_total\{url="b"} 7\n/);
});

test("the gzip body is the plain one", async () => {
  const { products, agent, endpoint } = bench();
  products.set(hosts(1, 3000));
  for (const calls of [1, 2]) {
    agent.set([], [[calls, { url: "agent" }]]);
    const exposition = await endpoint.render();
    const gzip = Buffer.concat(await exposition.gzip());
    const plain = Buffer.concat(exposition.plain());
    expect(gzip.length).toBeLessThan(plain.length / 5);
    expect(gunzipSync(gzip).equals(plain)).toBe(true);
  }
});

test("scrapes are answered with the same bytes, not with copies of them", async () => {
  const { products, agent, endpoint } = bench();
  products.set(hosts(1, 3000));
  const [before, after] = [await endpoint.render(), await endpoint.render()];
  expect(after.plain()[0]).toBe(before.plain()[0]);
  expect((await after.gzip())[0]).toBe((await before.gzip())[0]);
  // What changes all the time is not among them.
  agent.set([], [[7, { url: "agent" }]]);
  const later = await endpoint.render();
  expect(later.plain()[0]).toBe(before.plain()[0]);
  expect(Number(later.plain()[0]?.length)).toBeGreaterThan(50 * Number(later.plain()[1]?.length));
});

test("a value that changed costs the part of the page that it is in, plain and compressed", async () => {
  const values = Array.from({ length: 3000 }, (_, index) => index);
  const labels = values.map((value) => ({ host: `host-${value}` }));
  const metric: MetricSpec<null> = {
    name: "some",
    kind: "gauge",
    description: "What it says.",
    labels: ["host"],
    points: () => values.map((value, index): Point => [value, labels[index] ?? {}]),
  };
  const table = boundTable([metric], () => [null]);
  let version = 0;
  const clock = new FakeClock();
  const endpoint = new PrometheusEndpoint({
    products: {
      bind: (meter) => bindMetrics(meter, [table], () => clock.now()),
      tables: () => [table],
      version: () => version,
      validUntil: () => Infinity,
    },
    agent: () => [],
    clock,
  });
  const before = await endpoint.render();
  values[700] = 5;
  version += 1;
  const after = await endpoint.render();
  const shared = <Item>(old: readonly Item[], current: readonly Item[]): readonly boolean[] =>
    current.map((item, index) => item === old[index]);
  const others = [true, false, true, true, true];
  expect(shared(before.plain(), after.plain()).slice(0, -1)).toEqual(others);
  expect(shared(await before.gzip(), await after.gzip()).slice(0, -1)).toEqual(others);
  expect(gunzipSync(Buffer.concat(await after.gzip())).toString()).toContain(
    'some{host="host-700"} 5\n',
  );
  endpoint.shutdown();
});

test("without a product the exposition is the agent's part", async () => {
  const { scrape } = bench();
  expect(await scrape()).toBe(
    [
      "# HELP backup_repository_requests_total Calls of the agent to this repository.",
      "# TYPE backup_repository_requests_total counter",
      'backup_repository_requests_total{url="agent"} 1',
      "",
    ].join("\n"),
  );
});

test("a callback that fails is a failure, not an exposition without its series", async () => {
  let broken = true;
  const signals = new SettableSignals();
  signals.set(hosts(1, 1));
  const endpoint = new PrometheusEndpoint({
    products: {
      bind: (meter) => {
        meter.createObservableGauge("broken").addCallback((result) => {
          if (broken) throw new RangeError("out of it");
          result.observe(1);
        });
        return () => {};
      },
      version: () => 0,
      validUntil: () => Infinity,
    },
    agent: signals.asTables,
    clock: new FakeClock(),
  });
  await expect(endpoint.render()).rejects.toThrow(
    "metrics could not be collected: RangeError: out of it",
  );
  broken = false;
  expect((await endpoint.render()).plain().join("")).toContain("broken 1\n");
  endpoint.shutdown();
});

test("after the end there is nothing to scrape", async () => {
  const { endpoint, products } = bench();
  products.set(hosts(1, 1));
  await endpoint.render();
  endpoint.shutdown();
  endpoint.shutdown();
  await expect(endpoint.render()).rejects.toThrow("the agent is shutting down");
});
