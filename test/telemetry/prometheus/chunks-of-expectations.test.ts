import { expect, test } from "vitest";

import { boundTable } from "../../../instrumentation/metrics/bound-table.ts";
import type { BoundTable, TableEntries } from "../../../instrumentation/metrics/bound-table.ts";
import { backupSetMetrics } from "../../../instrumentation/restic/metrics/tables.ts";
import { nextAgeChange } from "../../../instrumentation/restic/state.ts";
import { CHUNK_ENTRIES } from "../../../src/telemetry/chunks.ts";
import { PrometheusEndpoint } from "../../../src/telemetry/prometheus/endpoint.ts";
import { PRODUCER, tableText } from "../../support/agent/table-text.ts";
import { ExpectationScene } from "../../support/expectations/scene.ts";
import type { Shot } from "../../support/expectations/scene.ts";

const NOW = Date.parse("2026-06-17T00:30:00Z");
const HOUR = 3600;
const EXPECTATIONS = 4;
const HOSTS = 2000;

/** 2,000 backup sets under 4 expectations with a policy, and the number of entries that the last text was rendered from. */
class ChunkScene {
  readonly scene = new ExpectationScene(NOW);
  readonly shots: Shot[] = Array.from({ length: HOSTS }, (_, index) => ({
    host: `host-${index}`,
    at: NOW / 1000 - HOUR / 3,
  }));
  /** By the first metric of a table. */
  readonly rendered = new Map<string, number>();
  readonly #tables: readonly BoundTable[];
  readonly #endpoint: PrometheusEndpoint;

  constructor() {
    const expectations = Array.from({ length: EXPECTATIONS }, (_, index) => ({
      name: `e-${index}`,
      hosts: this.shots.filter((__, host) => host % EXPECTATIONS === index).map(({ host }) => host),
      maxAge: "26h",
      retention: { daily: 7 },
    }));
    this.scene.configure({ expect: expectations }, ["/a"]);
    const sets = boundTable(
      backupSetMetrics(false),
      () => [...this.scene.store.entries()].flatMap(({ state }) => state?.content?.sets ?? []),
      ({ newest }, now) => nextAgeChange(newest, now),
    );
    this.#tables = [sets, ...this.scene.tables];
    this.#endpoint = new PrometheusEndpoint({
      tables: this.#tables.map((table) => this.#counted(table)),
      producer: PRODUCER,
      targetInfo: false,
      clock: this.scene.clock,
    });
  }

  async text(): Promise<string> {
    this.rendered.clear();
    return Buffer.concat((await this.#endpoint.render()).plain).toString();
  }

  /** The text of an endpoint that has not rendered before. */
  fresh(): Promise<string> {
    return tableText(this.#tables, this.scene.clock.now());
  }

  /** Whether one chunk of a table was rendered. */
  isOne(name: string): boolean {
    const entries = this.rendered.get(name) ?? 0;
    return entries > 0 && entries < 2 * CHUNK_ENTRIES;
  }

  #counted(table: BoundTable): BoundTable {
    const name = table.metrics[0]?.name ?? "";
    const counted = (entries: TableEntries): TableEntries => ({
      ...entries,
      slice: (start, end) => counted(entries.slice(start, end)),
      observe: (now, report) => {
        this.rendered.set(name, (this.rendered.get(name) ?? 0) + entries.list.length);
        return entries.observe(now, report);
      },
    });
    return { ...table, entries: () => counted(table.entries()) };
  }
}

const SETS = backupSetMetrics(false)[0]?.name ?? "";
const SLOTS = "backup.expected.newest_timestamp_seconds";
const JUDGED = "backup.set.judged";
const RETENTION = "backup.retention.periods";

test("a change of one backup set of 2,000 renders the chunk of its slot, no other", async () => {
  const chunks = new ChunkScene();
  chunks.scene.read("/a", chunks.shots);
  await chunks.text();
  expect(Object.fromEntries(chunks.rendered)).toEqual({
    ...Object.fromEntries([SETS, SLOTS, JUDGED, RETENTION].map((name) => [name, HOSTS])),
    "backup.expectations": 1,
    "backup.retention.removable_snapshots": EXPECTATIONS,
    "backup.unexpected_sets": 1,
  });
  await chunks.text();
  // The summary, which has no chunks.
  expect([...chunks.rendered]).toEqual([["backup.expectations", 1]]);

  chunks.shots.push({ host: "host-777", at: NOW / 1000 - 60 });
  chunks.scene.read("/a", chunks.shots);
  expect(await chunks.text()).toBe(await chunks.fresh());
  expect([SETS, SLOTS, JUDGED].filter((name) => chunks.isOne(name))).toEqual([SETS, SLOTS, JUDGED]);
  // The periods did not change.
  expect(chunks.rendered.has(RETENTION)).toBe(false);
});

test("a slot that becomes late renders its chunk, no other", async () => {
  const chunks = new ChunkScene();
  const { shots, scene } = chunks;
  shots[777] = { host: "host-777", at: NOW / 1000 - 3 * HOUR };
  scene.read("/a", shots);
  await chunks.text();
  // Before the day ends, with which the periods change.
  await scene.clock.advance(23.2 * HOUR * 1000);
  expect(await chunks.text()).toBe(await chunks.fresh());
  expect(chunks.isOne(SLOTS)).toBe(true);
  expect(scene.unmet()).toEqual(["e-1 host-777 late"]);
});
