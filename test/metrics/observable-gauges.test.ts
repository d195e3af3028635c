import { DataPointType, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { expect, test } from "vitest";

import { boundTable } from "../../instrumentation/metrics/bound-table.ts";
import type { BoundTable } from "../../instrumentation/metrics/bound-table.ts";
import { bindMetrics } from "../../instrumentation/metrics/observable-gauges.ts";
import type { MetricSpec } from "../../instrumentation/metrics/spec.ts";

class ManualReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

interface Room {
  readonly name: string;
  readonly seats: number;
  readonly since: number;
}

const SEATS: MetricSpec<Room> = {
  name: "room.seats",
  kind: "gauge",
  description: "Seats.",
  labels: ["name"],
  points: ({ name, seats }) => [[seats, { name }]],
};

function bound(tables: readonly BoundTable[], now = 0) {
  const reader = new ManualReader();
  const meter = new MeterProvider({ readers: [reader] }).getMeter("test");
  const unbind = bindMetrics(meter, tables, () => now);
  return { reader, unbind };
}

/** A line `name unit labels=value …` for each metric, and the errors of the SDK. */
async function read(reader: MetricReader): Promise<readonly string[]> {
  const { resourceMetrics, errors } = await reader.collect();
  const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  const lines = metrics.map(({ descriptor, dataPoints }) =>
    [
      descriptor.name,
      descriptor.unit,
      ...dataPoints.map(
        ({ attributes, value }) => `${JSON.stringify(attributes)}=${JSON.stringify(value)}`,
      ),
    ].join(" "),
  );
  return [...lines, ...errors.map(String)];
}

const rooms: readonly Room[] = [
  { name: "hall", seats: 90, since: 1 },
  { name: "loft", seats: 4, since: 2 },
];

test("tables of different entries become gauges and counters of one meter, in their order", async () => {
  const age: MetricSpec<Room> = {
    name: "room.age_seconds",
    kind: "counter",
    unit: "s",
    description: "Age.",
    labels: ["name"],
    points: ({ name, since }, now) => [[now - since, { name }]],
  };
  const length: MetricSpec<string> = {
    name: "word.length",
    kind: "gauge",
    description: "Letters.",
    labels: [],
    points: (word) => [[word.length, {}]],
  };
  const { reader } = bound(
    [boundTable([SEATS, age], () => rooms), boundTable([length], () => ["word"])],
    100,
  );
  expect(await read(reader)).toEqual([
    'room.seats  {"name":"hall"}=90 {"name":"loft"}=4',
    'room.age_seconds s {"name":"hall"}=99 {"name":"loft"}=98',
    "word.length  {}=4",
  ]);
  const { resourceMetrics } = await reader.collect();
  const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  expect(
    metrics.map(({ descriptor, dataPointType }) => [descriptor.description, dataPointType]),
  ).toEqual([
    ["Seats.", DataPointType.GAUGE],
    ["Age.", DataPointType.SUM],
    ["Letters.", DataPointType.GAUGE],
  ]);
});

test("a metric that throws for an entry loses the points of that entry alone", async () => {
  const picky: MetricSpec<Room> = {
    ...SEATS,
    name: "room.picky",
    *points({ name, seats }) {
      yield [seats, { name, half: "first" }];
      if (name === "hall") throw new Error("no hall");
      yield [seats, { name, half: "second" }];
    },
  };
  const { reader } = bound([boundTable([picky, SEATS], () => rooms)]);
  expect(await read(reader)).toEqual([
    'room.picky  {"name":"loft","half":"first"}=4 {"name":"loft","half":"second"}=4',
    'room.seats  {"name":"hall"}=90 {"name":"loft"}=4',
  ]);
});

test("a table whose entries throw is missing, other tables are there", async () => {
  const broken = boundTable([{ ...SEATS, name: "room.broken" }], () => {
    throw new Error("no entries");
  });
  const { reader } = bound([broken, boundTable([SEATS], () => rooms)]);
  expect(await read(reader)).toEqual(['room.seats  {"name":"hall"}=90 {"name":"loft"}=4']);
});

test.for([[Number.NaN], [Infinity], [-Infinity]] as const)(
  "%d is not observed",
  async ([value]) => {
    const entries = [{ name: "void", seats: value, since: 0 }, ...rooms];
    const { reader } = bound([boundTable([SEATS], () => entries)]);
    expect(await read(reader)).toEqual(['room.seats  {"name":"hall"}=90 {"name":"loft"}=4']);
  },
);

test("the entries are read once a collect, and never after the binding is removed", async () => {
  let asked = 0;
  const entries = (): readonly Room[] => {
    asked += 1;
    return rooms;
  };
  const { reader, unbind } = bound([
    boundTable([SEATS, { ...SEATS, name: "room.chairs" }], entries),
  ]);
  await reader.collect();
  expect(asked).toBe(1);
  unbind();
  await reader.collect();
  expect(asked).toBe(1);
});
