import { beforeEach, expect, test } from "vitest";

import { HistoryScene } from "../../support/repository/history-scene.ts";

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;

let scene: HistoryScene;

beforeEach(() => {
  scene = new HistoryScene();
  // All snapshots are older.
  scene.now += 1000 * HOUR;
});

/** Removals, a rewrite, keys that change and a set that vanishes, while the clock of the agent is a year ahead. */
function changeAhead(): void {
  const [old, rewritten] = [scene.add(), scene.add()];
  const [other] = [scene.add({ host: "db" }), scene.add(), scene.add()];
  scene.keys = new Set(["k1"]);
  scene.appendOnly = true;
  scene.collect();
  scene.now += YEAR;
  scene.remove(old, rewritten, other);
  scene.add({ original: rewritten.id });
  scene.keys = new Set(["k2"]);
  scene.collect();
  scene.now -= YEAR;
}

test("what the agent saw while its clock was ahead has the time at which the clock is right again", () => {
  changeAhead();
  expect(scene.collect()).toEqual([]);
  const at = scene.now;
  const expected = {
    last: {
      removal: { at, snapshots: 2, ratio: 0.4 },
      newestRemovalAt: at,
      rewriteAt: at,
      violatedAt: at,
    },
    keys: { addedAt: at, removedAt: at },
    vanished: [{ at, host: "db" }],
  };
  expect(scene.history).toMatchObject(expected);
  expect(new Set(scene.history?.events.map((event) => event.at))).toEqual(new Set([at]));
  const { history } = scene;
  expect(scene.outcome).toMatchObject({ isViolated: false, counts: new Map() });
  // Later collections change nothing.
  expect(scene.collect()).toEqual([]);
  expect(scene.history).toBe(history);
});

test("times beyond the bound of names do not stay ahead either", () => {
  const first = scene.add();
  scene.collect();
  scene.now += YEAR;
  scene.remove(first);
  for (let count = 0; count <= 100; count++) {
    const next = scene.add();
    scene.collect();
    scene.remove(next);
  }
  scene.collect();
  expect(scene.history?.earlier.removal).toBeDefined();
  scene.now -= YEAR;
  scene.collect();
  const { absences = [], earlier } = scene.history ?? {};
  for (const at of [earlier?.removal?.at, ...absences.map((one) => one.at)])
    expect(at).toBeLessThanOrEqual(scene.now);
});

test("a set that vanished while the clock was ahead is forgotten after 90 days", () => {
  changeAhead();
  scene.collect();
  scene.now += 89 * 24 * HOUR;
  scene.collect();
  expect(scene.history?.vanished).toHaveLength(1);
  scene.now += 2 * 24 * HOUR;
  scene.collect();
  expect(scene.history?.vanished).toEqual([]);
});

test("a clock that is set back by minutes between two collections changes no time of before", () => {
  const first = scene.add();
  scene.add();
  scene.collect();
  scene.remove(first);
  scene.collect();
  const { history } = scene;
  scene.now -= HOUR / 2;
  scene.collect();
  expect(scene.history).toBe(history);
});

test("a clock that is a year behind for one collection excuses nothing", () => {
  const [old, other] = [scene.add(), scene.add({ host: "db" })];
  scene.add();
  scene.collect();
  scene.remove(old, other);
  scene.collect();
  const { history } = scene;
  expect(history?.vanished).toHaveLength(1);
  scene.now -= YEAR;
  expect(scene.collect()).toEqual([]);
  scene.now += YEAR;
  expect(scene.collect()).toEqual([]);
  expect(scene.history).toEqual(history);
});
