import { expect, test } from "vitest";

import { boundTable } from "../../../instrumentation/metrics/observable-gauges.ts";
import type { BoundTable } from "../../../instrumentation/metrics/observable-gauges.ts";
import { AgentError } from "../../../instrumentation/core/error.ts";
import type { MetricSpec } from "../../../instrumentation/metrics/spec.ts";
import { Store } from "../../../instrumentation/collect/store.ts";
import { backupSets } from "../../../instrumentation/restic/backup-sets.ts";
import { repositoryMetrics } from "../../../instrumentation/restic/metrics/tables.ts";
import type { Snapshot } from "../../../instrumentation/restic/repository/snapshot.ts";
import type { BackupSet, RepositoryState } from "../../../instrumentation/restic/state.ts";
import { metricTexts, partsOf } from "../../../src/telemetry/prometheus/exposition-text.ts";
import type { MetricText } from "../../../src/telemetry/prometheus/exposition-text.ts";
import { Dice } from "../../support/core/dice.ts";
import { tableText } from "../../support/core/table-text.ts";

const NOW = 1_717_200_000_000;
const DAY_MS = 86_400_000;
const CONFIG = { id: "0".repeat(64), version: 2 } as const;

/** A store of repositories that changes by chance, and its text, of which what stays is not rendered again. */
class Scene {
  readonly store = new Store<RepositoryState>();
  now = NOW;
  /** How many parts the last text has cost. */
  made = 0;
  readonly #dice: Dice;
  readonly #table: BoundTable;
  readonly #repositories = new Map<string, { snapshots: Snapshot[]; sets: readonly BackupSet[] }>();
  #texts: ReadonlyMap<string, MetricText<string>> = new Map();

  constructor(seed: number, legacyLabel = false) {
    this.#dice = new Dice(seed);
    this.#table = boundTable(repositoryMetrics(legacyLabel), () => this.store.entries());
  }

  /** A collection of a repository that found some more snapshots, of some of its hosts. */
  add(url: string, snapshots: number, hosts: number): void {
    const repository = this.#repository(url);
    for (let count = 0; count < snapshots; count++) {
      repository.snapshots.push({
        id: this.#dice.hex(64),
        time: { seconds: NOW / 1000 + 86_400 - this.#dice.roll(100 * 86_400), nanoseconds: 0 },
        hostname: `host-${this.#dice.roll(hosts)}`,
        username: "u",
        summary: this.#dice.roll(2) === 0 ? undefined : { ...NOTHING_TOLD, files: count },
      });
    }
    this.collect(url);
  }

  /** Somebody forgot some snapshots. */
  forget(url: string): void {
    const repository = this.#repository(url);
    repository.snapshots = repository.snapshots.filter(() => this.#dice.roll(10) > 0);
    this.collect(url);
  }

  collect(url: string): void {
    const repository = this.#repository(url);
    const { snapshots } = repository;
    const sets = backupSets(url, snapshots, repository.sets);
    repository.sets = sets;
    const cost = { requests: this.#dice.roll(9), receivedBytes: 0 };
    const state: RepositoryState = {
      content: { config: CONFIG, sets, snapshots: snapshots.length, unreadable: 0 },
      cost: { list: cost, load: cost, keyDerivations: 1 },
      lastRequests: 1,
    };
    this.store.put({ url }, state, { startedAt: this.now, durationSeconds: 1, complete: true });
  }

  fail(url: string): void {
    const error = new AgentError("unreachable", "gone");
    const attempt = { startedAt: this.now, durationSeconds: 1, complete: false, error };
    this.store.put({ url }, undefined, attempt);
  }

  remove(url: string): void {
    this.#repositories.delete(url);
    this.store.retain([...this.#repositories.keys()].map((kept) => ({ url: kept })));
  }

  /** As whoever knows nothing of what was before renders it. */
  anew(): string {
    return tableText([this.#table], this.now);
  }

  text(): string {
    this.made = 0;
    const make = (bytes: Buffer): string => {
      this.made += 1;
      return bytes.toString();
    };
    const texts = metricTexts([this.#table], this.now, make, this.#texts);
    this.#texts = new Map(texts.map((text) => [text.name, text]));
    return partsOf(texts).join("");
  }

  #repository(url: string): { snapshots: Snapshot[]; sets: readonly BackupSet[] } {
    const repository = this.#repositories.get(url) ?? {
      snapshots: [],
      sets: [],
    };
    this.#repositories.set(url, repository);
    return repository;
  }
}

const NOTHING_TOLD = {
  durationSeconds: undefined,
  files: undefined,
  processedBytes: undefined,
  addedBytes: undefined,
  addedStoredBytes: undefined,
};

test.for([1, 2, 3, 4])(
  "whatever changes, the text is that of a renderer that has kept nothing: %i",
  (seed) => {
    const dice = new Dice(seed);
    const scene = new Scene(seed, seed % 2 === 0);
    const urls = Array.from({ length: 40 }, (_, index) => `repository-${index}`);
    const changes: readonly ((url: string) => void)[] = [
      (url) => scene.add(url, dice.low(2000), 1000),
      (url) => scene.add(url, 1, 30),
      (url) => scene.add(url, dice.roll(40), 30),
      (url) => scene.forget(url),
      (url) => scene.collect(url),
      (url) => scene.fail(url),
      (url) => scene.remove(url),
      () => (scene.now += dice.low(40 * DAY_MS)),
      () => (scene.now -= dice.low(3 * DAY_MS)),
    ];
    for (let step = 0; step < 100; step++) {
      for (let count = dice.low(4); count >= 0; count--) dice.pick(changes)(dice.pick(urls));
      expect(scene.text()).toBe(scene.anew());
    }
  },
);

test("what could not be made is made the next time, though it is made of the same", () => {
  const entries = Array.from({ length: 600 }, (_, index) => ({ index }));
  let failing: number | undefined = 300;
  const metric: MetricSpec<{ readonly index: number }> = {
    name: "some",
    kind: "gauge",
    description: "What it says.",
    labels: ["index"],
    points: ({ index }) => {
      if (index === failing) throw new Error("for once");
      return [[1, { index: String(index) }]];
    },
    basis: (entry) => {
      if (entry.index === failing) throw new Error("for once");
      return entry;
    },
  };
  const table = boundTable([metric], () => entries);
  const render = (before?: readonly MetricText<string>[]): readonly MetricText<string>[] =>
    metricTexts(
      [table],
      NOW,
      (bytes) => bytes.toString(),
      new Map(before?.map((text) => [text.name, text])),
    );
  const first = render();
  expect(partsOf(first).join("")).not.toContain('{index="300"}');
  failing = undefined;
  expect(partsOf(render(first)).join("")).toBe(tableText([table], NOW));
});

test("of an entry that fails on the way nothing is shown, and all of those beside it", () => {
  const metric: MetricSpec<string> = {
    name: "some",
    kind: "gauge",
    description: "What it says.",
    labels: ["entry", "index"],
    *points(entry) {
      for (let index = 0; index < 2500; index++) {
        if (entry === "b" && index === 2000) throw new Error("bad");
        yield [1, { entry, index: String(index) }];
      }
    },
  };
  const lines = tableText([boundTable([metric], () => ["a", "b", "c"])], NOW).split("\n");
  expect(lines.filter((line) => line.includes('entry="b"'))).toEqual([]);
  expect(lines.filter((line) => /entry="[ac]"/.test(line))).toHaveLength(5000);
  expect(lines.filter((line) => line.startsWith("# HELP"))).toHaveLength(1);
});

test("a collection that found nothing new renders its repository's own lines alone", () => {
  const scene = new Scene(5);
  scene.add("large", 20_000, 3000);
  const first = scene.text();
  const all = scene.made;
  expect(all).toBeGreaterThan(5 * 5);
  scene.collect("large");
  expect(scene.text()).not.toBe(first);
  // One for each metric of the repository itself.
  expect(scene.made).toBeLessThan(15);
  expect(scene.text()).toBe(scene.anew());
  expect(scene.made).toBe(0);
});

test("one repository of many that changed costs those beside it, not all", () => {
  const scene = new Scene(6);
  for (let index = 0; index < 2000; index++) scene.add(`repository-${index}`, 20, 20);
  scene.text();
  const all = scene.made;
  scene.add("repository-200", 1, 20);
  expect(scene.text()).toBe(scene.anew());
  expect(scene.made).toBeLessThan(all / 10);
});

test("ages alone are rendered anew when one of them changes", () => {
  const scene = new Scene(7, true);
  scene.add("large", 5000, 3000);
  scene.text();
  const all = scene.made;
  scene.now += DAY_MS / 24;
  expect(scene.text()).toBe(scene.anew());
  expect(scene.made).toBeGreaterThan(0);
  // Three metrics with `isLegacy` or days, of nine.
  expect(scene.made).toBeLessThan(all * 0.7);
});
