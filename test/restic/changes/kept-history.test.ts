import { beforeEach, describe, expect, test } from "vitest";

import { HistoryScene } from "../../support/repository/history-scene.ts";

const DAY_HOURS = 24;

let scene: HistoryScene;

beforeEach(() => {
  scene = new HistoryScene();
});

describe("a snapshot that is listed again", () => {
  test("was not removed: the times go back, the counters stay", () => {
    const [first, second] = [scene.add(), scene.add()];
    scene.add();
    scene.collect();
    scene.remove(first);
    scene.collect();
    const before = scene.last;
    scene.remove(second);
    scene.collect();
    expect(scene.last).not.toEqual(before);
    scene.listed.set(second.id, second);
    expect(scene.collect()).toEqual(["snapshots_returned"]);
    expect(scene.last).toEqual(before);
    expect(scene.totals).toEqual([0, 2, 0, 0]);
    scene.listed.set(first.id, first);
    scene.collect();
    expect(scene.last?.removal).toBeUndefined();
    scene.remove(first);
    expect(scene.collect()).toEqual(["snapshot_removed"]);
    expect(scene.last?.removal).toMatchObject({ at: scene.now, snapshots: 1 });
  });

  test("leaves the removal of the others", () => {
    const all = [0, 1, 2, 3].map((hour) => scene.add({ hour }));
    scene.collect();
    scene.remove(...all);
    scene.collect();
    const at = scene.now;
    const [oldest, , , newest] = all;
    for (const one of [oldest, newest]) if (one) scene.listed.set(one.id, one);
    scene.collect();
    expect(scene.last).toMatchObject({
      removal: { at, snapshots: 2, ratio: 0.5 },
      newestRemovalAt: undefined,
    });
    expect(scene.totals).toEqual([0, 4, 0, 0]);
  });

  test("is not recognized after 100 more removals: the times stay", () => {
    const first = scene.add();
    const others = Array.from({ length: 101 }, () => scene.add());
    scene.add();
    scene.collect();
    scene.remove(first);
    for (const other of others) {
      scene.collect();
      scene.remove(other);
    }
    scene.collect();
    expect(scene.history?.absences).toHaveLength(100);
    scene.listed.set(first.id, first);
    expect(scene.collect()).toEqual([]);
    for (const other of others) scene.listed.set(other.id, other);
    scene.collect();
    expect(scene.last?.removal?.snapshots).toBe(1);
    expect(scene.history?.absences).toEqual([]);
  });
});

describe("a backup set without a snapshot", () => {
  test("has vanished for 90 days, or until it has one again", () => {
    const [a, b] = [scene.add({ host: "a" }), scene.add({ host: "b", user: "" })];
    scene.add({ host: "c" });
    scene.collect();
    scene.remove(a, b);
    scene.collect();
    expect(scene.history?.vanished).toMatchObject([
      { host: "a", user: "root" },
      { host: "b", user: "UNKNOWN", newest: b.time.seconds },
    ]);
    scene.add({ host: "a" });
    scene.collect();
    expect(scene.history?.vanished).toMatchObject([{ host: "b" }]);
    scene.now += (90 * DAY_HOURS - 3) * 3_600_000;
    scene.collect();
    expect(scene.history?.vanished).toHaveLength(1);
    scene.collect();
    expect(scene.history?.vanished).toEqual([]);
  });

  test("has not vanished if its snapshots were replaced by those of another host", () => {
    const old = scene.add({ host: "a" });
    scene.collect();
    scene.remove(old);
    scene.add({ host: "b", original: old.id });
    expect(scene.collect()).toEqual(["snapshot_rewritten"]);
    expect(scene.history?.vanished).toEqual([]);
  });
});

describe("with appendOnly", () => {
  test("each removal and replacement is a violation, until the snapshot is listed again", () => {
    const [first, second] = [scene.add(), scene.add()];
    scene.add();
    scene.collect();
    scene.remove(first);
    scene.collect();
    expect(scene.last?.violatedAt).toBeUndefined();
    scene.appendOnly = true;
    scene.collect();
    expect(scene.history).toMatchObject({ appendOnly: true, last: { violatedAt: undefined } });
    scene.remove(second);
    scene.add({ original: second.id });
    scene.collect();
    expect(scene.last?.violatedAt).toBe(scene.now);
    scene.listed.set(second.id, second);
    scene.collect();
    expect(scene.last?.violatedAt).toBeUndefined();
  });
});

describe("keys", () => {
  test("that are added and removed have times", () => {
    scene.keys = new Set(["k1"]);
    scene.collect();
    expect(scene.history?.keys).toMatchObject({ count: 1, addedAt: undefined });
    scene.keys = new Set(["k1", "k2"]);
    expect(scene.collect()).toEqual(["key_added"]);
    const addedAt = scene.now;
    scene.keys = new Set(["k2"]);
    expect(scene.collect()).toEqual(["key_removed"]);
    expect(scene.history?.keys).toMatchObject({ count: 1, addedAt, removedAt: scene.now });
    scene.keys = undefined;
    expect(scene.collect()).toEqual([]);
    expect(scene.history?.keys?.count).toBe(1);
  });

  test("are bounded: of more than 1,000 the number is compared", () => {
    const names = (count: number): ReadonlySet<string> =>
      new Set(Array.from({ length: count }, (_, index) => `k${10_000 + index}`));
    scene.keys = names(5000);
    scene.collect();
    expect(scene.history?.keys?.names).toHaveLength(1000);
    expect(scene.collect()).toEqual([]);
    scene.keys = names(5001);
    scene.collect();
    expect(scene.history?.keys).toMatchObject({ count: 5001, addedAt: scene.now });
  });
});

test("the events of one collection are bounded, the gravest first", () => {
  const many = Array.from({ length: 3000 }, (_, hour) => scene.add({ hour }));
  const last = scene.add({ hour: 5000, host: "db" });
  scene.collect();
  scene.remove(...many.slice(0, -1), last);
  const events = scene.collect();
  expect(events).toHaveLength(1000);
  expect(events.slice(0, 3)).toEqual([
    "newest_snapshot_removed",
    "backup_set_vanished",
    "snapshot_removed",
  ]);
  expect(scene.outcome?.counts.get("snapshot_removed")).toBe(2999);
  expect(scene.history?.events).toHaveLength(50);
  expect(scene.history?.events[0]).toMatchObject({ id: last.id, host: "db", paths: "/a" });
});
