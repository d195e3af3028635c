import { expect, test } from "vitest";

import { sourceSet } from "../../../instrumentation/collect/source-set.ts";
import type { StoreEntry } from "../../../instrumentation/core/source.ts";
import type { MetricSpec } from "../../../instrumentation/metrics/spec.ts";
import { Monitor } from "../../../instrumentation/monitor/monitor.ts";
import { PrometheusEndpoint } from "../../../src/telemetry/prometheus/endpoint.ts";
import { FakeClock } from "../../support/core/clock.ts";
import { PRODUCER } from "../../support/agent/table-text.ts";

interface Room {
  seats: number;
  label: string;
}

const SEATS: MetricSpec<StoreEntry<Room>> = {
  name: "room.seats",
  kind: "gauge",
  description: "Seats.",
  labels: ["room"],
  points: ({ state }) => (state ? [[state.seats, { room: state.label }]] : []),
};

/** Scrapes of a monitor that has collected these rooms, each by a source of its own. */
async function scraperOf(rooms: readonly Room[]): Promise<() => Promise<string>> {
  const clock = new FakeClock();
  const sources = rooms.map((room, index) => ({
    subject: { room: String(index) },
    collect: async () => ({ state: room, complete: true }),
  }));
  const monitor = new Monitor(
    {
      repositories: [],
      cron: "@daily",
      timezone: "UTC",
      timeoutMs: 60_000,
      concurrency: 8,
      legacyLabel: false,
      retryFailed: true,
      reverifyMs: 3_600_000,
    },
    { clock, sources: [sourceSet({ sources, metrics: [SEATS] })] },
  );
  await monitor.collect();
  const endpoint = new PrometheusEndpoint({
    tables: monitor.tables,
    producer: PRODUCER,
    targetInfo: false,
    clock,
  });
  return async () => Buffer.concat((await endpoint.render()).plain).toString();
}

test("a value that changes in the same object, without a collection, is shown at the next scrape", async () => {
  const room = { seats: 90, label: "hall" };
  const scrape = await scraperOf([room]);
  expect(await scrape()).toContain('room_seats{room="hall"} 90\n');
  room.seats = 91;
  expect(await scrape()).toContain('room_seats{room="hall"} 91\n');
});

test("two entries with equal labels among 300 are one series with the value of one of them", async () => {
  const rooms = Array.from({ length: 300 }, (_, index) => ({ seats: index, label: `${index}` }));
  Object.assign(rooms[299] ?? expect.fail(), { label: "0" });
  const text = await (await scraperOf(rooms))();
  expect(text.match(/^room_seats\{/gm)).toHaveLength(299);
  expect(text.match(/^room_seats\{room="0"} (0|299)$/gm)).toHaveLength(1);
});
