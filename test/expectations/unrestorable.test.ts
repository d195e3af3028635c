import { expect, test } from "vitest";

import { ExpectationScene } from "../support/expectations/scene.ts";
import type { Shot } from "../support/expectations/scene.ts";

const START = Date.parse("2026-06-01T12:00:00Z");
const NOW = START / 1000;
const HOUR = 3600;
const OLD: Shot = { host: "web", at: NOW - 48 * HOUR };
const GOOD: Shot = { host: "web", at: NOW - 20 * HOUR };
const NEW: Shot = { host: "web", at: NOW - HOUR };

function scene(settings: object, urls = ["/a"]): ExpectationScene {
  const made = new ExpectationScene(START);
  made.configure({ expect: [{ name: "e", hosts: ["*"], maxAge: "26h", ...settings }] }, urls);
  for (const url of urls) made.read(url, [OLD, GOOD, NEW]);
  return made;
}

const newest = (made: ExpectationScene): readonly number[] =>
  Object.values(made.shown("expected_newest"));

test("a snapshot that an inventory found unrestorable does not count, until an inventory finds that it is not", () => {
  const made = scene({});
  expect(newest(made)).toEqual([NEW.at]);
  made.unrestorable.set("/a", [NEW]);
  expect(newest(made)).toEqual([GOOD.at]);
  expect(made.unmet()).toEqual([]);
  made.unrestorable.set("/a", [NEW, GOOD]);
  expect(newest(made)).toEqual([OLD.at]);
  expect(made.unmet()).toEqual(["e web late"]);
  made.unrestorable.set("/a", [GOOD]);
  expect(newest(made)).toEqual([NEW.at]);
  expect(made.unmet()).toEqual([]);
});

test("a set with nothing that can be restored keeps its slot, and counts as never seen", () => {
  const made = scene({});
  made.unrestorable.set("/a", [OLD, GOOD, NEW]);
  expect(newest(made)).toEqual([0]);
  expect(made.unmet()).toEqual(["e web never_seen"]);
  expect(made.shown("unexpected_sets")).toEqual({ "unexpected_sets url=/a": 0 });
});

test("an unrestorable snapshot counts neither for minSnapshots nor as an empty newest one", () => {
  const made = scene({ minSnapshots: 3 });
  made.read("/a", [OLD, GOOD, { ...NEW, files: 0 }]);
  expect(made.unmet()).toEqual(["e web empty", "e web too_few"]);
  const empty: Shot = { ...NEW, files: 0 };
  made.read("/a", [OLD, GOOD, GOOD, empty]);
  made.unrestorable.set("/a", [empty, OLD]);
  expect(made.unmet()).toEqual(["e web too_few"]);
});

test("a snapshot that cannot be restored is no copy", () => {
  const made = scene({ copies: 2 }, ["/a", "/b"]);
  expect(newest(made)).toEqual([NEW.at]);
  made.unrestorable.set("/b", [NEW, GOOD]);
  expect(newest(made)).toEqual([OLD.at]);
  expect(made.unmet()).toEqual(["e web copies"]);
});

test("a day whose snapshot cannot be restored is no evidence for a policy", () => {
  const made = scene({ retention: { daily: 3 }, require: { daily: 3 } });
  const shots = [1, 2, 3].map((days): Shot => ({ host: "web", at: NOW - days * 24 * HOUR }));
  made.read("/a", [...shots, NEW]);
  expect(made.unmet()).toEqual([]);
  made.unrestorable.set("/a", shots.slice(0, 2));
  expect(made.unmet()).toEqual(["e web retention"]);
});

test("only the slots of the sets with such snapshots are evaluated again", () => {
  const made = scene({});
  const other: Shot = { host: "db", at: NOW - HOUR };
  made.read("/a", [GOOD, NEW, other]);
  made.shown();
  const before = new Map(made.book.slots().map((slot) => [slot.labels["host"], slot]));
  made.unrestorable.set("/a", [NEW]);
  made.shown();
  const after = new Map(made.book.slots().map((slot) => [slot.labels["host"], slot]));
  expect(after.get("db")).toBe(before.get("db"));
  expect(after.get("web")).not.toBe(before.get("web"));
});

test("sets that were read ahead are read again if an inventory ends before the update", () => {
  const made = scene({});
  made.unrestorable.set("/a", [NEW]);
  expect([...made.book.readAhead(made.store.entries(), START)]).toEqual([]);
  made.unrestorable.set("/a", [GOOD, NEW]);
  expect(newest(made)).toEqual([OLD.at]);
  made.unrestorable.delete("/a");
  expect([...made.book.readAhead(made.store.entries(), START)]).toEqual([]);
  expect(newest(made)).toEqual([NEW.at]);
});
