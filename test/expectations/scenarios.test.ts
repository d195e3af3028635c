import { expect, test } from "vitest";

import type { ExpectationSections } from "../../instrumentation/settings/expectations/parse.ts";
import { ExpectationScene } from "../support/expectations/scene.ts";
import type { Shot } from "../support/expectations/scene.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const HOUR = 3600;
const DAY = 24 * HOUR;

/** Unix seconds of a time before the start of a scene. */
const ago = (seconds: number): number => NOW / 1000 - seconds;

function scene(sections: ExpectationSections, urls = ["/a"]): ExpectationScene {
  const made = new ExpectationScene(NOW);
  made.configure(sections, urls);
  return made;
}

const one = (rest: object): ExpectationSections => ({
  expect: [{ name: "e", hosts: ["web"], maxAge: "26h", ...rest }],
});

test("a fresh backup meets an expectation", () => {
  const made = scene(one({}));
  expect(made.shown()).toEqual({ "expectations ": 1, "hidden_slots ": 0 });
  made.read("/a", [
    { host: "web", at: ago(HOUR) },
    { host: "db", at: ago(HOUR) },
  ]);
  expect(made.shown()).toEqual({
    "expectations ": 1,
    "expected_max_age_seconds expectation=e host=web": 26 * HOUR,
    "expected_newest_timestamp_seconds expectation=e host=web": ago(HOUR),
    "hidden_slots ": 0,
    "set_judged url=/a host=web user=root": 1,
    "unexpected_sets url=/a": 1,
  });
});

const OLD: Shot = { host: "web", at: ago(2 * DAY), files: 5, bytes: 5000 };
const FRESH: Shot = { host: "web", at: ago(HOUR), files: 5, bytes: 5000 };

test.for<readonly [string, object, readonly Shot[], number, readonly string[]]>([
  [
    "a masked job, by paths",
    { paths: ["/home"] },
    [
      { ...OLD, paths: ["/home"] },
      { ...FRESH, paths: ["/etc"] },
    ],
    OLD.at,
    ["late"],
  ],
  [
    "a masked job, by tags",
    { tags: ["pg", "x"] },
    [
      { ...OLD, tags: ["x", "pg"] },
      { ...FRESH, tags: ["pg"] },
    ],
    OLD.at,
    ["late"],
  ],
  ["a host that was never seen", {}, [{ ...FRESH, host: "other" }], 0, ["never_seen"]],
  ["a user that was never seen", { users: ["pg"] }, [FRESH], 0, ["never_seen"]],
  ["two days without a backup", {}, [OLD], OLD.at, ["late"]],
  [
    "an empty backup after a good one",
    {},
    [
      { ...OLD, at: ago(DAY) },
      { ...FRESH, files: 0 },
    ],
    ago(DAY),
    ["empty"],
  ],
  ["two days of empty backups", {}, [OLD, { ...FRESH, files: 0 }], OLD.at, ["late", "empty"]],
  ["too few files", { minFiles: 9 }, [FRESH], 0, ["never_seen", "small"]],
  ["too few bytes", { minBytes: "5kB" }, [{ ...FRESH, bytes: 4999 }], 0, ["never_seen", "small"]],
  [
    "a snapshot without a summary",
    { minFiles: 9, minBytes: "1GiB" },
    [{ host: "web", at: ago(HOUR) }],
    ago(HOUR),
    [],
  ],
  ["too few snapshots", { minSnapshots: 3 }, [FRESH, OLD], FRESH.at, ["too_few"]],
  ["a snapshot of 2030", {}, [OLD, { ...FRESH, at: ago(-1400 * DAY) }], OLD.at, ["late", "future"]],
  ["a clock that is 10 minutes ahead", {}, [{ ...FRESH, at: ago(-600) }], ago(-600), []],
  ["a user without a name", { users: ["UNKNOWN"] }, [{ ...FRESH, user: "" }], FRESH.at, []],
])("%s", ([, settings, shots, newest, reasons]) => {
  const made = scene(one(settings));
  made.read("/a", shots);
  expect(Object.values(made.shown("newest"))).toEqual([newest]);
  expect(made.unmet().map((line) => line.split(" ").at(-1))).toEqual(reasons.toSorted());
});

test("late, a future snapshot and the end of a pause come with time alone", async () => {
  const made = scene(one({ paused: { until: "2026-06-02" } }));
  made.read("/a", [OLD, { ...FRESH, at: ago(-2 * DAY) }]);
  expect(made.unmet()).toEqual([]);
  expect(made.shown("max_age")).toEqual({
    "expected_max_age_seconds expectation=e host=web": 3 * DAY + 26 * HOUR,
  });
  expect(made.shown("paused")).toEqual({
    "expectation_paused_until_timestamp_seconds expectation=e": ago(-DAY),
  });
  await made.clock.advance(DAY * 1000 - 1);
  expect(made.unmet()).toEqual([]);
  await made.clock.advance(1);
  expect(made.unmet()).toEqual(["e web future", "e web late"]);
  expect(made.shown("max_age")).toEqual({
    "expected_max_age_seconds expectation=e host=web": 26 * HOUR,
  });
  expect(made.shown("paused")).toEqual({});
  await made.clock.advance((DAY - 600) * 1000);
  expect(made.unmet()).toEqual([]);
  await made.clock.advance((26 * HOUR + 600) * 1000);
  expect(made.unmet()).toEqual([]);
  await made.clock.advance(1);
  expect(made.unmet()).toEqual(["e web late"]);
});

test("the second-best repository counts with two copies", () => {
  const made = scene(one({ copies: 2 }), ["/a", "/b"]);
  made.read("/a", [FRESH]);
  expect([made.unmet(), made.shown("newest")]).toEqual([[], {}]);
  made.read("/b", []);
  expect([made.unmet(), Object.values(made.shown("newest"))]).toEqual([["e web copies"], [0]]);
  made.read("/b", [OLD]);
  expect([made.unmet(), Object.values(made.shown("newest"))]).toEqual([["e web copies"], [OLD.at]]);
  made.read("/b", [FRESH]);
  expect([made.unmet(), Object.values(made.shown("newest"))]).toEqual([[], [FRESH.at]]);
  made.read("/a", [OLD]);
  made.read("/b", []);
  expect([made.unmet(), Object.values(made.shown("newest"))]).toEqual([["e web late"], [0]]);
});

test("a slot is met by the first repository, and late only when all were tried", () => {
  const made = scene(one({}), ["/a", "/b"]);
  made.read("/a", [OLD]);
  expect([made.unmet(), made.shown("newest")]).toEqual([[], {}]);
  made.read("/b", [FRESH]);
  expect(made.unmet()).toEqual([]);
  made.fail("/b");
  expect(Object.values(made.shown("newest"))).toEqual([FRESH.at]);
  made.read("/b", []);
  made.fail("/a");
  expect(made.unmet()).toEqual(["e web late", "e web unknown"]);
});

test("a repository without known state makes what would be late or never seen unknown", () => {
  const made = scene(one({}), ["/a", "/b"]);
  made.fail("/b");
  expect(made.shown("unmet")).toEqual({});
  made.read("/a", []);
  expect([made.unmet(), made.shown("newest")]).toEqual([["e web unknown"], {}]);
  made.read("/b", [], 1);
  expect([made.unmet(), made.shown("newest")]).toEqual([["e web unknown"], {}]);
  made.read("/b", []);
  expect(made.unmet()).toEqual(["e web never_seen"]);
});

test("a reload that adds a repository takes no series back", () => {
  const made = scene(one({ minSnapshots: 5 }));
  made.read("/a", [OLD]);
  const before = made.shown("expectation_unmet");
  expect(made.unmet()).toEqual(["e web late", "e web too_few"]);
  made.configure(one({ minSnapshots: 5 }), ["/a", "/b"]);
  expect(made.shown("expectation_unmet")).toEqual({
    ...before,
    "expectation_unmet expectation=e host=web reason=unknown": 1,
  });
  made.fail("/b");
  expect(made.shown("newest")).toEqual({
    "expected_newest_timestamp_seconds expectation=e host=web": OLD.at,
  });
});

test.for<readonly [string, object, object]>([
  ["paths", { paths: ["/old"] }, { paths: ["/new"] }],
  ["tags", { tags: ["a"] }, { tags: ["b"] }],
  ["users", { users: ["a*"] }, {}],
  ["minFiles", { minFiles: 5 }, { minFiles: 6 }],
  ["minBytes", { minBytes: "1MB" }, { minBytes: "1kB" }],
  ["copies", {}, { copies: 2 }],
  ["the hosts of an expectation that finds none", { hosts: ["x*"] }, { hosts: ["y*"] }],
])(
  "never seen is not said of other snapshots after a reload that adds a repository: %s",
  ([, before, after]) => {
    const made = scene(one(before));
    made.read("/a", []);
    expect(Object.values(made.shown("newest"))).toEqual([0]);
    for (const settings of [after, before, after]) made.configure(one(settings), ["/a", "/b"]);
    expect(made.shown("newest")).toEqual({});
    expect(made.unmet()).toEqual([expect.stringMatching(/^e (?:web )?unknown$/)]);
    made.fail("/b");
    expect(made.shown("newest")).toEqual({});
    made.read("/b", []);
    expect(Object.values(made.shown("newest"))).toEqual([0]);
  },
);

test("never seen is not said of other snapshots after a reload: other renamed hosts, and other repositories alone", () => {
  const made = scene(one({}));
  made.read("/a", []);
  expect(made.unmet()).toEqual(["e web never_seen"]);
  made.configure({ ...one({}), rename: [{ hosts: ["web-*"], as: "web" }] }, ["/a", "/b"]);
  expect([made.unmet(), made.shown("newest")]).toEqual([["e web unknown"], {}]);
  made.read("/b", []);
  expect(made.unmet()).toEqual(["e web never_seen"]);
  made.configure({ ...one({}), rename: [{ hosts: ["web-*"], as: "web" }] }, ["/c"]);
  expect([made.unmet(), made.shown("newest")]).toEqual([["e web unknown"], {}]);
});

test.for<readonly [string, object]>([
  ["maxAge", { maxAge: "20h" }],
  ["minSnapshots", { minSnapshots: 2 }],
  ["another host", { hosts: ["web", "db"] }],
  ["the globs of repositories", { repositories: ["*"] }],
])("a reload that adds a repository and changes only %s takes no series back", ([, change]) => {
  for (const shots of [[], [OLD]]) {
    const made = scene(one({ repositories: ["/a"] }), ["/a"]);
    made.read("/a", shots);
    const before = Object.values(made.shown("newest"));
    made.configure(one({ repositories: ["/*"], ...change }), ["/a", "/b"]);
    expect(Object.values(made.shown("newest"))).toEqual(before);
  }
});

test("a record without tags keeps a slot by tags unknown", () => {
  const made = scene(one({ tags: ["pg"] }));
  made.read("/a", [{ ...FRESH, isBare: true }]);
  expect([made.unmet(), made.shown("newest")]).toEqual([["e web unknown"], {}]);
  made.read("/a", [
    { ...OLD, tags: ["pg"] },
    { ...FRESH, isBare: true },
  ]);
  expect(made.unmet()).toEqual(["e web late", "e web unknown"]);
});
