import { expect, test } from "vitest";

import { ExpectationScene } from "../../support/expectations/scene.ts";
import type { Shot } from "../../support/expectations/scene.ts";

/** A Wednesday. */
const NOW = Date.parse("2026-06-17T12:00:00Z");
const HOUR = 3600;
const DAY = 24 * HOUR;

function shot(daysAgo: number, more: Partial<Shot> = {}): Shot {
  return { host: "a", at: NOW / 1000 - daysAgo * DAY, ...more };
}

function sceneWith(more: object, urls: readonly string[] = ["/a"], now = NOW): ExpectationScene {
  const scene = new ExpectationScene(now);
  scene.configure({ expect: [{ name: "e", hosts: ["*"], maxAge: "900d", ...more }] }, urls);
  return scene;
}

/** `daily 7 of 7`, with the labels that differ from those of the only host in /a. */
function periods(scene: ExpectationScene): readonly string[] {
  const found = scene.shown("retention_periods");
  const expected = scene.shown("retention_expected_periods");
  return Object.entries(found).map(([key, count]) => {
    const all = expected[key.replace("periods", "expected_periods")];
    const labels = key.replace(/^\S+ (.*) period=(\w+)$/, "$2 $1");
    return `${labels.replace(" url=/a expectation=e host=a", "")} ${count} of ${all}`;
  });
}

const days = (count: number, step = 1): readonly Shot[] =>
  Array.from({ length: count }, (_, index) => shot(index * step));

test.for<readonly [string, object, readonly Shot[], readonly string[]]>([
  ["all of them", { daily: 7 }, days(20), ["daily 7 of 7"]],
  ["those since the oldest of a young host", { daily: 7 }, days(3), ["daily 3 of 3"]],
  ["two in one day once", { daily: 2 }, [shot(0), shot(0.1), shot(1)], ["daily 2 of 2"]],
  ["days without a backup", { daily: 7 }, days(4, 3), ["daily 3 of 7"]],
  [
    "the days of a working week: forget keeps seven of nine days",
    { daily: 7 },
    [0, 1, 2, 5, 6, 7, 8].map((day) => shot(day)),
    ["daily 5 of 7"],
  ],
  [
    "of each kind its own",
    { hourly: 2, weekly: 3, monthly: 4, yearly: 2, last: 5, within: "9d" },
    [...days(8, 7), shot(300)],
    ["hourly 1 of 2", "monthly 3 of 4", "weekly 3 of 3", "yearly 2 of 2"],
  ],
  [
    "those before today if there is none of today",
    { daily: 3 },
    [1, 2, 3, 4].map((day) => shot(day)),
    ["daily 3 of 3"],
  ],
  [
    "not those of empty snapshots",
    { daily: 3 },
    [shot(0), shot(1, { files: 0 }), shot(2)],
    ["daily 2 of 3"],
  ],
  [
    "not those of backdated snapshots, but the history reaches back to them",
    { monthly: 12 },
    [shot(0), shot(30), ...[2, 3, 4, 11].map((month) => shot(month * 30, { start: NOW / 1000 }))],
    ["monthly 2 of 12"],
  ],
  ["none of an unlimited rule", { daily: "unlimited" }, days(3), []],
  ["none while the zones are not read", { daily: 3 }, [shot(0), shot(1, { isBare: true })], []],
  [
    "by the zone of the snapshot",
    { daily: 3 },
    // 23:30 and 00:30 in a zone one hour east of UTC.
    [shot(0, { offset: 60 }), shot(0.5625, { offset: 60 }), shot(0.5209, { offset: 60 })],
    ["daily 2 of 2"],
  ],
  [
    "those up to now in the zone of the newest, though clocks elsewhere are ahead",
    { hourly: 2 },
    [
      ...[0, 1].map((hour) => shot(hour / 24, { offset: -720 })),
      ...[1.2, 2.2, 3.2].map((hour) => shot(hour / 24, { offset: 840 })),
    ],
    ["hourly 2 of 2"],
  ],
])("the periods are %s", ([, retention, shots, expected]) => {
  const scene = sceneWith({ retention });
  expect(periods(scene)).toEqual([]);
  scene.read("/a", shots);
  expect(periods(scene)).toEqual(expected);
  scene.fail("/a");
  expect(periods(scene)).toEqual(expected);
});

test.for<readonly [string, object, readonly Shot[], readonly string[]]>([
  ["no period is required", { retention: { daily: 7 } }, days(4, 3), []],
  ["enough are there", { retention: { daily: 7 }, require: { daily: 3 } }, days(4, 3), []],
  [
    "too few are there",
    { retention: { daily: 7 }, require: { daily: 4 } },
    days(4, 3),
    ["e a retention"],
  ],
  ["the host is young", { retention: { daily: 7 }, require: { daily: 7 } }, days(3), []],
  [
    "it was never seen",
    { hosts: ["a"], retention: { daily: 7 }, require: { daily: 7 } },
    [],
    ["e a never_seen"],
  ],
  [
    "a snapshot is backdated",
    { retention: { monthly: 2 }, require: { monthly: 2 } },
    [shot(0), shot(30, { start: NOW / 1000 })],
    ["e a retention"],
  ],
  [
    "backdated snapshots are intended",
    { retention: { monthly: 2 }, require: { monthly: 2 }, allowTime: true },
    [shot(0), shot(30, { start: NOW / 1000 })],
    [],
  ],
  [
    "the expectation is paused",
    { retention: { daily: 7 }, require: { daily: 4 }, paused: { until: "2026-07-01" } },
    days(4, 3),
    [],
  ],
  [
    "snapshots may be of other paths",
    { retention: { daily: 7 }, require: { daily: 4 }, paths: ["/"] },
    [...days(4, 3), shot(1, { isBare: true })],
    [],
  ],
])("the expectation is judged if %s", ([, more, shots, expected]) => {
  const scene = sceneWith(more);
  scene.read("/a", shots);
  expect(scene.unmet()).toEqual(expected);
});

test("a slot over several users has one history, and one of each user has its own", () => {
  const shots = [shot(0), shot(1, { user: "pg" }), shot(2)];
  const scene = sceneWith({ retention: { daily: 3 } });
  scene.read("/a", shots);
  expect(periods(scene)).toEqual(["daily 3 of 3"]);
  scene.configure(
    { expect: [{ name: "e", hosts: ["*"], users: ["*"], maxAge: "9d", retention: { daily: 3 } }] },
    ["/a"],
  );
  expect(periods(scene)).toEqual(["daily user=pg 1 of 1", "daily user=root 2 of 3"]);
});

test.for([
  [1, "one repository is enough", []],
  [2, "as many repositories as copies must have them", ["e a retention"]],
] as const)("copies %i: %s", ([copies, , expected]) => {
  const scene = sceneWith({ copies, retention: { daily: 7 }, require: { daily: 4 } }, ["/a", "/b"]);
  scene.read("/a", days(10));
  scene.read("/b", days(4, 3));
  expect(periods(scene)).toEqual(["daily 7 of 7", "daily url=/b expectation=e host=a 3 of 7"]);
  expect(scene.unmet()).toEqual(expected);
  scene.read("/a", days(4, 3));
  expect(scene.unmet()).toEqual(["e a retention"]);
});

test("a history does not become shorter when its old snapshots are removed, until the settings change", () => {
  const settings = { retention: { daily: 7 }, require: { daily: 5 } };
  const scene = sceneWith(settings);
  scene.read("/a", days(20));
  expect(periods(scene)).toEqual(["daily 7 of 7"]);
  scene.read("/a", days(1));
  expect(periods(scene)).toEqual(["daily 1 of 7"]);
  expect(scene.unmet()).toEqual(["e a retention"]);
  scene.read("/a", [{ ...shot(0), isBare: true }]);
  expect([periods(scene), scene.unmet()]).toEqual([[], []]);
  scene.read("/a", days(2));
  expect(periods(scene)).toEqual(["daily 2 of 7"]);
  const one = { name: "e", hosts: ["*"], maxAge: "900d", ...settings };
  scene.configure({ expect: [one, { ...one, name: "f" }] }, ["/a"]);
  expect(periods(scene)[0]).toBe("daily 2 of 7");
  scene.configure({ expect: [{ ...one, paths: ["/"] }] }, ["/a"]);
  expect(periods(scene)).toEqual(["daily 2 of 2"]);
});

test("a backdated snapshot does not lengthen a history after it is removed", () => {
  const scene = sceneWith({ retention: { daily: 7 } });
  scene.read("/a", [...days(2), shot(30, { start: NOW / 1000 })]);
  expect(periods(scene)).toEqual(["daily 2 of 7"]);
  scene.read("/a", days(2));
  expect(periods(scene)).toEqual(["daily 2 of 2"]);
});

test("the periods change when a period ends in the zone of the newest snapshot", async () => {
  const scene = sceneWith({ retention: { daily: 2 }, require: { daily: 2 } });
  scene.read("/a", [shot(0, { offset: -120 }), shot(1, { offset: -120 })]);
  await scene.clock.advance((38 * HOUR - 1) * 1000);
  expect(periods(scene)).toEqual(["daily 2 of 2"]);
  await scene.clock.advance(1000);
  expect(periods(scene)).toEqual(["daily 1 of 2"]);
  expect(scene.unmet()).toEqual(["e a retention"]);
});
