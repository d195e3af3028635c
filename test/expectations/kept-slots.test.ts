import { expect, test } from "vitest";

import { decodeKeptSlots, encodeKeptSlots } from "../../instrumentation/expectations/kept-slots.ts";
import { ExpectationScene } from "../support/expectations/scene.ts";
import type { Shot } from "../support/expectations/scene.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const HOUR = 3600;
const DAY = 24 * HOUR;
const ago = (seconds: number): number => NOW / 1000 - seconds;

const EXPECTATION = { name: "e", hosts: ["*", "named"], maxAge: "26h" };
const SHOTS: readonly Shot[] = ["web", "db", "named"].map((host) => ({ host, at: ago(HOUR) }));
const [WEB] = SHOTS;

/** A scene before a restart, and what it leaves. */
function left(shots: readonly Shot[] = SHOTS): {
  readonly made: ExpectationScene;
  readonly text: string;
} {
  const made = new ExpectationScene(NOW);
  made.configure({ expect: [EXPECTATION] }, ["/a", "/b"]);
  made.read("/a", shots);
  made.read("/b", []);
  made.shown();
  return { made, text: encodeKeptSlots(made.book.kept()) };
}

/** The same scene after a restart. */
function restarted(
  made: ExpectationScene,
  text: string,
  expectation: object = EXPECTATION,
  urls: readonly string[] = ["/a", "/b"],
): void {
  made.restart();
  made.configure({ expect: [expectation] }, urls);
  made.book.restore(decodeKeptSlots(text) ?? []);
}

test("the slot of a glob whose last snapshot is gone after a restart keeps its timestamp", async () => {
  const { made, text } = left();
  restarted(made, text);
  expect(made.shown("expected")).toEqual({});
  made.read("/a", WEB ? [WEB] : []);
  made.read("/b", []);
  expect(made.shown("newest")).toEqual({
    "expected_newest_timestamp_seconds expectation=e host=db": ago(HOUR),
    "expected_newest_timestamp_seconds expectation=e host=named": 0,
    "expected_newest_timestamp_seconds expectation=e host=web": ago(HOUR),
  });
  await made.clock.advance(91 * DAY * 1000);
  expect(Object.keys(made.shown("newest"))).toEqual([
    "expected_newest_timestamp_seconds expectation=e host=named",
    "expected_newest_timestamp_seconds expectation=e host=web",
  ]);
});

test("a kept slot is unknown while its repository is away", () => {
  const { made, text } = left();
  restarted(made, text);
  made.fail("/a");
  expect(made.unmet()).toEqual([]);
  made.fail("/b");
  expect(made.unmet()).toEqual(["e db unknown", "e named unknown", "e web unknown"]);
  expect(encodeKeptSlots(made.book.kept()).replaceAll(/,\d{13}\]/g, ",null]")).toBe(text);
});

test("the 90 days go on over a restart", async () => {
  const { made } = left();
  made.read("/a", []);
  made.shown();
  await made.clock.advance(60 * DAY * 1000);
  restarted(made, encodeKeptSlots(made.book.kept()));
  made.read("/a", []);
  made.read("/b", []);
  expect(Object.keys(made.shown("newest"))).toHaveLength(3);
  await made.clock.advance(31 * DAY * 1000);
  expect(Object.keys(made.shown("newest"))).toHaveLength(1);
});

test.for([false, true])(
  "the 90 days begin again at the right time if the clock was a year ahead (over a restart: %s)",
  async (isRestarted) => {
    const { made } = left();
    made.clock.step(365 * DAY * 1000);
    made.read("/a", []);
    made.shown();
    made.clock.step(-365 * DAY * 1000);
    if (isRestarted) restarted(made, encodeKeptSlots(made.book.kept()));
    for (const url of ["/a", "/b"]) made.read(url, []);
    expect(Object.keys(made.shown("newest"))).toHaveLength(3);
    await made.clock.advance(91 * DAY * 1000);
    expect(Object.keys(made.shown("newest"))).toHaveLength(1);
  },
);

test("kept slots end when the settings changed meanwhile", () => {
  const { made, text } = left();
  restarted(made, text, { ...EXPECTATION, maxAge: "27h" });
  made.read("/a", []);
  made.read("/b", []);
  expect(Object.keys(made.shown("newest"))).toEqual([
    "expected_newest_timestamp_seconds expectation=e host=named",
  ]);
});

test.for<readonly [string, object, Partial<Shot>]>([
  ["a copy that is missing", { copies: 2 }, {}],
  ["empty backups", {}, { files: 0 }],
])(
  "the slot of a glob that has never had enough stays when its last snapshot is gone, also over a restart: %s",
  ([, more, rest]) => {
    const shot = { host: "web", at: ago(HOUR), ...rest };
    const expectation = { ...EXPECTATION, hosts: ["*"], ...more };
    for (const isRestarted of [false, true]) {
      const made = new ExpectationScene(NOW);
      made.configure({ expect: [expectation] }, ["/a", "/b"]);
      made.read("/a", [shot]);
      made.read("/b", []);
      expect(Object.values(made.shown("newest"))).toEqual([0]);
      if (isRestarted) restarted(made, encodeKeptSlots(made.book.kept()), expectation);
      for (const url of ["/a", "/b"]) made.read(url, []);
      expect(made.unmet()).toEqual(["e web never_seen"]);
    }
  },
);

test("kept slots end when a repository was taken away meanwhile, and stay when one was added", () => {
  const { made, text } = left();
  const hosts = (): readonly string[] =>
    Object.keys(made.shown("newest")).map((key) => key.replace(/.*host=/, ""));
  restarted(made, text, EXPECTATION, ["/a"]);
  made.read("/a", []);
  expect(hosts()).toEqual(["named"]);
  restarted(made, text, EXPECTATION, ["/a", "/b", "/c"]);
  for (const url of ["/a", "/b", "/c"]) made.read(url, []);
  expect(hosts()).toEqual(["db", "named", "web"]);
});

test.for<readonly [string, readonly string[], object, number]>([
  ["of a glob is as long after a restart", ["*"], {}, 5],
  ["of a name is as long after a restart", ["web"], {}, 5],
  ["is that of the repository if the settings changed meanwhile", ["*"], { tags: ["t"] }, 1],
])("a history %s", ([, hosts, more, expected]) => {
  const made = new ExpectationScene(NOW);
  const expectation = { ...EXPECTATION, hosts, retention: { daily: 5 }, require: { daily: 3 } };
  made.configure({ expect: [expectation] }, ["/a", "/b"]);
  const shot = (day: number): Shot => ({ host: "web", at: ago(HOUR + day * DAY), tags: ["t"] });
  made.read("/a", [0, 1, 2, 3, 4].map(shot));
  made.read("/b", []);
  const points = (): readonly number[] => Object.values(made.shown("retention_expected"));
  expect([points(), made.unmet()]).toEqual([[5], []]);
  restarted(made, encodeKeptSlots(made.book.kept()), { ...expectation, ...more });
  made.read("/b", []);
  expect([points(), made.unmet()]).toEqual([[], []]);
  // What is known is kept also if the agent starts again before it has read the repository.
  restarted(made, encodeKeptSlots(made.book.kept()), { ...expectation, ...more });
  made.read("/a", [shot(0)]);
  made.read("/b", []);
  expect(points()).toEqual([expected]);
  expect(made.unmet()).toEqual(expected > 1 ? ["e web retention"] : []);
});

test("a slot of a name is judged by what is there after a restart, whatever its history was", () => {
  const made = new ExpectationScene(NOW);
  const expectation = { ...EXPECTATION, hosts: ["web"], retention: { daily: 5 } };
  made.configure({ expect: [expectation] }, ["/a"]);
  made.read("/a", [{ host: "web", at: ago(HOUR) }]);
  made.shown();
  const text = encodeKeptSlots(made.book.kept());
  restarted(made, text, expectation);
  made.read("/a", []);
  made.read("/b", []);
  expect(made.unmet()).toEqual(["e web never_seen"]);
});

test.for([
  "",
  "{",
  "{}",
  "[1]",
  '[["a","b",["/a"],5]]',
  '[["a","b",[5],[]]]',
  '[["a","b",["/a"],[[1,null,5,null]]]]',
  '[["a","b",["/a"],[[null,null,"5",null]]]]',
  '[["a","b",["/a"],[[null,null,5,null,5]]]]',
  '[["a","b",["/a"],[[null,null,5,null,[["/a","5"]]]]]]',
])("%s is no text of kept slots", (text) => {
  expect(decodeKeptSlots(text)).toBeUndefined();
});
