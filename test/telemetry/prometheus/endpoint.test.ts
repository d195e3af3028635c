import { gunzipSync } from "node:zlib";

import { resourceFromAttributes } from "@opentelemetry/resources";
import { expect, test } from "vitest";

import { boundTable } from "../../../instrumentation/metrics/bound-table.ts";
import type { BoundTable } from "../../../instrumentation/metrics/bound-table.ts";
import type { MetricSpec, Point } from "../../../instrumentation/metrics/spec.ts";
import { PrometheusEndpoint } from "../../../src/telemetry/prometheus/endpoint.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { hosts, hostsIn, SettableTables } from "../../support/agent/settable-tables.ts";
import { PRODUCER, tableText } from "../../support/agent/table-text.ts";

function bench(tables?: readonly BoundTable[]) {
  const clock = new FakeClock();
  const settable = new SettableTables();
  const endpoint = new PrometheusEndpoint({
    tables: tables ?? settable.tables,
    producer: PRODUCER,
    targetInfo: false,
    clock,
  });
  const scrape = async (): Promise<string> =>
    Buffer.concat((await endpoint.render()).plain).toString();
  return { clock, settable, endpoint, scrape };
}

function gauge(name: string, points: readonly Point[]): MetricSpec<null> {
  return { name, kind: "gauge", description: "d", labels: [], points: () => points };
}

test("a chunk that stayed the same is observed once, a table that is not chunkable at each scrape", async () => {
  const { settable, scrape } = bench();
  settable.set(hosts(1, 200), [[1, { url: "a" }]]);
  expect(hostsIn(await scrape())).toBe(200);
  settable.counters = [[2, { url: "a" }]];
  expect(await scrape()).toMatch(/host-200"} 1\n[^]*\{url="a"} 2\n$/);
  expect(settable.observed).toBe(200);
  settable.set([...settable.gauges, ...hosts(201, 201)], settable.counters);
  expect(hostsIn(await scrape())).toBe(201);
  expect(settable.observed).toBe(200 + 73);
});

test("when a value changes by itself, its chunk is rendered again", async () => {
  const { clock, settable, scrape } = bench();
  settable.set(hosts(1, 1));
  settable.until = clock.now() + 1000;
  await scrape();
  await clock.advance(999);
  await scrape();
  expect(settable.observed).toBe(1);
  await clock.advance(1);
  await scrape();
  expect(settable.observed).toBe(2);
});

test("a clock that was set back renders all chunks again", async () => {
  const { clock, settable, scrape } = bench();
  settable.set(hosts(1, 1));
  await scrape();
  clock.step(-1);
  await scrape();
  expect(settable.observed).toBe(2);
});

test("scrapes during a rendering share the next one, which shows what has changed meanwhile", async () => {
  const { settable, endpoint } = bench();
  settable.set(hosts(1, 300));
  const first = endpoint.render();
  await Promise.resolve();
  await Promise.resolve();
  settable.set(hosts(1, 400));
  const [second, third] = [endpoint.render(), endpoint.render()];
  const textOf = async (rendering: typeof first): Promise<string> =>
    Buffer.concat((await rendering).plain).toString();
  expect(hostsIn(await textOf(second))).toBe(400);
  expect(await third).toBe(await second);
  expect(await first).not.toBe(await second);
});

test("an exposition shows all tables at one moment, also if they change between two chunks", async () => {
  let rooms = Array.from({ length: 300 }, (_, index) => index);
  const tables = ["a", "b", "c"].map((name, index) => {
    const metric: MetricSpec<number> = {
      ...gauge(name, []),
      points: (room) => [[room, { room: String(room) }]],
    };
    return index < 2
      ? boundTable(
          [metric],
          () => rooms,
          () => Infinity,
        )
      : boundTable([metric], () => rooms);
  });
  const { scrape } = bench(tables);
  setImmediate(() => {
    rooms = [];
  });
  const text = await scrape();
  expect(rooms).toEqual([]);
  for (const name of ["a", "b", "c"])
    expect(text.match(new RegExp(`^${name}\\{`, "gm"))).toHaveLength(300);
  expect(await scrape()).toBe("");
});

test("a rendering that fails does not stop the next one", async () => {
  let isBroken = true;
  const table = boundTable([gauge("a", [[1, {}]])], () => [null]);
  const { scrape } = bench([
    {
      ...table,
      entries: () => {
        if (isBroken) throw new RangeError("out of it");
        return table.entries();
      },
    },
  ]);
  const message = "metrics could not be collected: RangeError: out of it";
  await Promise.all([
    expect(scrape()).rejects.toThrow(message),
    expect(scrape()).rejects.toThrow(message),
  ]);
  isBroken = false;
  expect(await scrape()).toContain("a 1\n");
});

test("the gzip body is one member, made once, and holds all", async () => {
  const { settable, endpoint } = bench();
  settable.set(hosts(1, 3000), [[1, { url: "a" }]]);
  const exposition = await endpoint.render();
  const gzip = await exposition.gzip();
  const plain = Buffer.concat(exposition.plain);
  const bytes = Buffer.concat(gzip);
  expect(bytes.length).toBeLessThan(plain.length / 5);
  expect(gunzipSync(bytes).equals(plain)).toBe(true);
  expect(await exposition.gzip()).toBe(gzip);
});

test("scrapes are answered with the same bytes, not with copies of them", async () => {
  const { settable, endpoint } = bench();
  settable.set(hosts(1, 3000), [[1, { url: "a" }]]);
  const [before, after] = [await endpoint.render(), await endpoint.render()];
  const shared = after.plain.filter((piece) => before.plain.includes(piece));
  const size = (pieces: readonly Buffer[]): number => Buffer.concat(pieces).length;
  expect(size(shared)).toBeGreaterThan(0.99 * size(after.plain));
});

test("families are in the order of the tables, also if the first chunk does not have all of them", async () => {
  const some = (name: string, from: number): MetricSpec<number> => ({
    ...gauge(name, []),
    points: (index) => (index < from ? [] : [[index, { index: String(index) }]]),
  });
  const entries = Array.from({ length: 400 }, (_, index) => index);
  const chunkable = boundTable(
    [some("a", 0), some("b", 399), some("c", 150), some("d", 0), some("e", 1000)],
    () => entries,
    () => Infinity,
  );
  const last = boundTable([gauge("f", [[1, {}]])], () => [null]);
  const first = boundTable([gauge("z", [[1, {}]])], () => [null]);
  const text = await tableText([first, chunkable, last], 0);
  expect([...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name)).toEqual("zabcdf".split(""));
  expect(text.match(/^c\{/gm)).toHaveLength(250);
});

test("a family of two tables has one head, and the samples of both", async () => {
  const kept = boundTable(
    [gauge("a", [[1, { of: "first" }]])],
    () => [null],
    () => Infinity,
  );
  const other = boundTable([gauge("a", [[2, { of: "second" }]])], () => [null]);
  expect(await tableText([kept, other], 0)).toBe(
    '# HELP a d\n# TYPE a gauge\na{of="second"} 2\na{of="first"} 1\n',
  );
});

test("target_info is the first family if it is wanted", async () => {
  const settable = new SettableTables();
  settable.set(hosts(1, 1), [[1, { url: "a" }]]);
  const resource = resourceFromAttributes({ "service.name": "restic-otel" });
  const endpoint = new PrometheusEndpoint({
    tables: settable.tables,
    producer: { ...PRODUCER, resource },
    targetInfo: true,
    clock: new FakeClock(),
  });
  const text = Buffer.concat((await endpoint.render()).plain).toString();
  expect(text).toMatch(
    /^# HELP target_info Target metadata\n# TYPE target_info gauge\ntarget_info\{service_name="restic-otel"} 1\n# HELP backup/,
  );
  expect(text.match(/target_info\{/g)).toHaveLength(1);
});
