import { beforeEach, describe, expect, test } from "vitest";

import { HistoryScene } from "../../support/repository/history-scene.ts";

let scene: HistoryScene;

beforeEach(() => {
  scene = new HistoryScene();
});

test("snapshots of the first listing are not added, and counters begin with 0", () => {
  scene.add();
  scene.add();
  expect(scene.collect()).toEqual([]);
  expect(scene.totals).toEqual([0, 0, 0, 0]);
  scene.add();
  expect(scene.collect()).toEqual([]);
  expect(scene.totals).toEqual([1, 0, 0, 0]);
  const { history } = scene;
  scene.collect();
  expect(scene.history).toBe(history);
});

describe("a snapshot is replaced if a listed one", () => {
  test("names it as original", () => {
    const old = scene.add({ tree: "t" });
    scene.collect();
    scene.remove(old);
    scene.add({ hour: 0, tree: "t", original: old.id });
    expect(scene.collect()).toEqual(["snapshot_retagged"]);
    expect(scene.totals).toEqual([1, 0, 1, 0]);
    expect(scene.outcome?.events[0]?.successor).toBe([...scene.listed.keys()][0]);
  });

  test("has the same original as it", () => {
    const first = scene.add({ tree: "t", original: "a".repeat(64) });
    scene.collect();
    scene.remove(first);
    scene.add({ hour: 5, tree: "t", original: "a".repeat(64), host: "other" });
    expect(scene.collect()).toEqual(["snapshot_retagged"]);
  });

  test("has an original that was never seen, and its time and host", () => {
    const old = scene.add({ hour: 1 });
    scene.collect();
    scene.remove(old);
    scene.add({ hour: 1, original: "b".repeat(64) });
    expect(scene.collect()).toEqual(["snapshot_rewritten"]);
    expect(scene.totals).toEqual([1, 0, 0, 1]);
    expect(scene.last?.rewriteAt).toBe(scene.now);
    expect(scene.last?.removal).toBeUndefined();
  });

  test("but not if only one of time and host is the same, or it has no original", () => {
    const old = [1, 2, 3].map((hour) => scene.add({ hour }));
    scene.collect();
    scene.remove(...old);
    scene.add({ hour: 1, original: "b".repeat(64), host: "other" });
    scene.add({ hour: 7, original: "b".repeat(64) });
    scene.add({ hour: 3 });
    scene.collect();
    expect(scene.totals).toEqual([3, 3, 0, 0]);
  });

  test("although it was there before", () => {
    const old = scene.add({ hour: 0, tree: "t" });
    scene.collect();
    scene.add({ hour: 0, tree: "t", original: old.id });
    expect(scene.collect()).toEqual([]);
    scene.remove(old);
    expect(scene.collect()).toEqual(["snapshot_retagged"]);
    expect(scene.totals).toEqual([1, 0, 1, 0]);
  });
});

describe("a successor with fewer than half", () => {
  test.for([
    ["of the files", { files: 4, bytes: 1000 }, "newest_snapshot_removed", 1],
    ["of the bytes", { files: 10, bytes: 499 }, "newest_snapshot_removed", 1],
    ["is not one with half of both", { files: 5, bytes: 500 }, "snapshot_rewritten", 0],
    ["is not one without numbers", { files: null }, "snapshot_rewritten", 0],
  ] as const)("%s makes a removal", ([, made, event, removed]) => {
    const old = scene.add({ hour: 0 });
    scene.collect();
    scene.remove(old);
    scene.add({ hour: 0, original: old.id, ...made });
    expect(scene.collect()).toEqual([event]);
    expect(scene.totals).toEqual([1, removed, 0, 1 - removed]);
  });

  test("counts only if no other successor is whole", () => {
    const old = scene.add({ hour: 0, tree: "t" });
    scene.collect();
    scene.remove(old);
    scene.add({ hour: 0, original: old.id, files: 0 });
    scene.add({ hour: 0, original: old.id, tree: "t" });
    expect(scene.collect()).toEqual(["snapshot_retagged"]);
  });

  test("shows without numbers of before only if it has no files", () => {
    const old = [scene.add({ files: null }), scene.add({ files: null })];
    scene.collect();
    scene.remove(...old);
    scene.add({ original: old[0]?.id ?? "", files: 1 });
    scene.add({ original: old[1]?.id ?? "", files: 0 });
    scene.collect();
    expect(scene.totals).toEqual([2, 1, 0, 1]);
  });
});

describe("the newest of a group", () => {
  test("is that of host and paths, whatever the user is and the order of the paths", () => {
    const newest = scene.add({ hour: 5, paths: ["/a", "/b"], user: "x" });
    scene.add({ hour: 6, paths: ["/b", "/a"], user: "y" });
    scene.collect();
    scene.remove(newest);
    expect(scene.collect()).toEqual(["backup_set_vanished", "snapshot_removed"]);
    expect(scene.last?.newestRemovalAt).toBeUndefined();
  });

  test("is one of each group that is gone as a whole", () => {
    const all = ["/a", "/b"].flatMap((path) =>
      [1, 2, 3].map((hour) => scene.add({ hour, paths: [path] })),
    );
    scene.add({ hour: 0, paths: ["/c"] });
    scene.collect();
    scene.remove(...all);
    expect(scene.collect()).toEqual([
      "newest_snapshot_removed",
      "newest_snapshot_removed",
      "snapshot_removed",
      "snapshot_removed",
      "snapshot_removed",
      "snapshot_removed",
    ]);
    expect(scene.last).toMatchObject({
      newestRemovalAt: scene.now,
      removal: { at: scene.now, snapshots: 6, ratio: 6 / 7 },
    });
  });

  test("is not removed if one with the same time is left, or it was replaced", () => {
    const [twin, old, newest] = [
      scene.add({ hour: 3 }),
      scene.add({ hour: 1, host: "b" }),
      scene.add({ hour: 2, host: "b" }),
    ];
    scene.add({ hour: 3 });
    scene.collect();
    scene.remove(twin, old, newest);
    scene.add({ hour: 2, host: "c", original: newest.id });
    expect(scene.collect()).toEqual(["snapshot_rewritten", "snapshot_removed", "snapshot_removed"]);
  });
});
