import { expect, test } from "vitest";

import { ExpectationScene } from "../../support/expectations/scene.ts";
import type { Shot } from "../../support/expectations/scene.ts";

const NOW = Date.parse("2026-06-15T12:00:00Z");
const DAY = 86_400;

function shot(host: string, daysAgo: number, more: Partial<Shot> = {}): Shot {
  return { host, at: NOW / 1000 - daysAgo * DAY, ...more };
}

function sceneWith(
  retention: object,
  more: object = {},
  urls: readonly string[] = ["/a"],
): ExpectationScene {
  const scene = new ExpectationScene(NOW);
  const expectation = { name: "e", hosts: ["*"], maxAge: "26h", retention, ...more };
  scene.configure({ expect: [expectation] }, urls);
  return scene;
}

const removable = (scene: ExpectationScene): unknown =>
  scene.shown("retention_removable")["retention_removable_snapshots url=/a expectation=e"];

const WEEK = [0, 1, 2, 3, 4, 5, 6];

test.for<readonly [string, object, object, readonly Shot[], number | undefined]>([
  ["nothing if forget has run", { daily: 7 }, {}, WEEK.map((day) => shot("a", day)), 0],
  ["what no rule keeps", { daily: 3 }, {}, WEEK.map((day) => shot("a", day)), 4],
  ["of each host", { last: 1 }, {}, WEEK.map((day) => shot(day > 3 ? "a" : "b", day)), 5],
  ["of each user's paths", { last: 1 }, {}, [shot("a", 0), shot("a", 1, { user: "pg" })], 1],
  ["of hosts that are expected", { last: 1 }, { hosts: ["a"] }, [shot("a", 0), shot("b", 0)], 0],
  [
    "of snapshots of all users, as restic does",
    { last: 1 },
    { users: ["root"] },
    [shot("a", 0), shot("a", 1, { user: "pg" })],
    1,
  ],
  [
    "of snapshots with the tags of the expectation",
    { last: 1 },
    { tags: ["t"] },
    [shot("a", 0, { tags: ["t"] }), shot("a", 1, { tags: ["t"] }), shot("a", 2), shot("a", 3)],
    1,
  ],
  [
    "nothing if each run has new paths: forget does not match",
    { last: 1 },
    {},
    WEEK.map((day) => shot("a", day, { paths: [`/tmp/${day}`] })),
    0,
  ],
  [
    "of all hosts together",
    { last: 1, groupBy: [] },
    {},
    WEEK.map((day) => shot(`h${day}`, day, { paths: [`/tmp/${day}`] })),
    6,
  ],
  [
    "not those with tags that are kept",
    { last: 1, tags: ["a,b"], groupBy: ["host"] },
    {},
    [shot("a", 0), shot("a", 1, { tags: ["b", "a"] }), shot("a", 2, { tags: ["a"] })],
    1,
  ],
  [
    "unknown while tags are not read",
    { last: 1 },
    { tags: ["t"] },
    [shot("a", 0, { tags: ["t"] }), shot("a", 1, { isBare: true })],
    undefined,
  ],
  [
    "unknown while paths are not read",
    { last: 1 },
    {},
    [shot("a", 0, { isBare: true })],
    undefined,
  ],
])("forget would remove %s", ([, retention, more, shots, expected]) => {
  const scene = sceneWith(retention, more);
  expect(removable(scene)).toBe(undefined);
  scene.read("/a", shots);
  expect(removable(scene)).toBe(expected);
});

test("the count follows the repository and stays when it cannot be read", () => {
  const scene = sceneWith({ last: 2 });
  const shots = WEEK.map((day) => shot("a", day));
  scene.read("/a", shots);
  expect(removable(scene)).toBe(5);
  scene.fail("/a");
  expect(removable(scene)).toBe(5);
  scene.read("/a", [...shots, shot("b", 0), shot("b", 1), shot("b", 2)]);
  expect(removable(scene)).toBe(6);
  scene.read("/a", shots.slice(0, 2));
  expect(removable(scene)).toBe(0);
});

test("a host that did not change is not replayed again", () => {
  const scene = sceneWith({ last: 1 });
  const shots = [shot("a", 0), shot("a", 1), shot("b", 0)];
  scene.read("/a", shots);
  expect(removable(scene)).toBe(1);
  const replayed: unknown[] = [];
  for (const set of scene.store.get({ url: "/a" })?.state?.content?.sets ?? []) {
    const { members, labels } = set;
    const get = (): unknown => {
      replayed.push(labels["host"]);
      return members;
    };
    Object.defineProperty(set, "members", { get });
  }
  scene.read("/a", [...shots, shot("c", 0), shot("c", 1)]);
  replayed.length = 0;
  expect(removable(scene)).toBe(2);
  expect(replayed).toEqual([]);
});

test("a snapshot that is dated in the future is not the newest until then", async () => {
  const scene = sceneWith({ within: "1d" });
  scene.read("/a", [shot("a", 0.1), shot("a", 0.9), shot("a", -0.5)]);
  expect(removable(scene)).toBe(0);
  await scene.clock.advance(DAY * 1000);
  expect(removable(scene)).toBe(1);
});

test("an expectation without a policy has no metric", () => {
  const scene = new ExpectationScene(NOW);
  scene.configure({ expect: [{ name: "e", hosts: ["*"], maxAge: "26h" }] }, ["/a"]);
  scene.read("/a", [shot("a", 0)]);
  expect(scene.shown("retention")).toEqual({});
});

test("each repository of the expectation has its own count", () => {
  const scene = sceneWith({ last: 1 }, {}, ["/a", "/b"]);
  scene.read("/a", [shot("a", 0), shot("a", 1)]);
  scene.read("/b", []);
  expect(scene.shown("retention_removable")).toEqual({
    "retention_removable_snapshots url=/a expectation=e": 1,
    "retention_removable_snapshots url=/b expectation=e": 0,
  });
});
