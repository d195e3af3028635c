import { expect, test } from "vitest";

import { ExpectationScene } from "../support/expectations/scene.ts";
import type { Shot } from "../support/expectations/scene.ts";

const START = Date.parse("2026-06-01T00:00:00Z");
const NOW = START / 1000;
const HOSTS = Array.from({ length: 450 }, (_, index) => `host-${index}`);
const SHOTS = HOSTS.map((host): Shot => ({ host, at: NOW - 3600 }));
/** Twenty expectations about all hosts. */
const EXPECT = Array.from({ length: 20 }, (_, index) => ({
  name: `e${index}`,
  hosts: ["host-*"],
  maxAge: "26h",
}));

function scene(shots: readonly Shot[] = SHOTS): ExpectationScene {
  const made = new ExpectationScene(START);
  made.configure({ expect: EXPECT }, ["/a"]);
  made.read("/a", shots);
  return made;
}

function steps(one: ExpectationScene, how: "readAhead" | "updateInSteps"): Generator<void> {
  return one.book[how](one.store.entries(), one.clock.now());
}

test("an evaluation in steps reads some sets in a step, then evaluates an expectation in a step", () => {
  const one = scene();
  expect([...steps(one, "readAhead")]).toHaveLength(4);
  expect([...steps(one, "updateInSteps")]).toHaveLength(20);
  expect(one.book.slots()).toHaveLength(20 * 450);
  expect([...steps(one, "readAhead")]).toEqual([]);
  expect([...steps(one, "updateInSteps")]).toEqual([]);
});

test("what forget would remove is replayed in steps too", () => {
  const one = new ExpectationScene(START);
  const policy = { name: "p", hosts: ["*"], maxAge: "26h", retention: { last: 1 } };
  one.configure({ expect: [policy] }, ["/a"]);
  const shots = HOSTS.flatMap((host) => [0, 1, 2, 3, 4].map((day) => ({ host, at: NOW - day })));
  one.read("/a", shots);
  // Four for 450 sets, two for 2,250 snapshots.
  expect([...steps(one, "readAhead")]).toHaveLength(6);
  expect([...steps(one, "updateInSteps")]).toHaveLength(1);
  expect(one.shown("removable")).toEqual({
    "retention_removable_snapshots url=/a expectation=p": 4 * 450,
  });
});

test("the snapshots of one host are replayed in steps", () => {
  const one = new ExpectationScene(START);
  const policy = { name: "p", hosts: ["*"], maxAge: "26h", retention: { last: 1 } };
  one.configure({ expect: [policy] }, ["/a"]);
  const count = 20_000;
  one.read(
    "/a",
    Array.from({ length: count }, (_, index) => ({ host: "a", at: NOW - index })),
  );
  const reading = steps(one, "readAhead");
  for (let step = 0; step < 5; step++) expect(reading.next().done).toBe(false);
  // An update comes in between.
  const removable = { "retention_removable_snapshots url=/a expectation=p": count - 1 };
  expect(one.shown("removable")).toEqual(removable);
  // The sort has two or three left; each part of 5,000 decisions is one more.
  expect([...reading].length).toBeGreaterThan(5);
  expect(one.shown("removable")).toEqual(removable);
});

test("between two steps sets can be read, and settings can change", () => {
  const one = scene();
  const [reading, updating] = [steps(one, "readAhead"), steps(one, "updateInSteps")];
  reading.next();
  updating.next();
  one.read("/a", [...SHOTS, { host: "late", at: NOW - 30 * 3600 }]);
  one.configure({ expect: [{ name: "other", hosts: ["*"], maxAge: "26h" }] }, ["/a"]);
  reading.next();
  const shown = one.shown("expect");
  expect([...reading, ...updating].length).toBeGreaterThan(0);
  expect(one.shown("expect")).toEqual(shown);
  expect(one.unmet()).toEqual(["other late late"]);
  expect(one.book.slots()).toHaveLength(451);
});

test("a snapshot that is dated in the future counts as soon as its time comes, also if its set was read before", async () => {
  const one = scene([{ host: "host-1", at: NOW + 601 }]);
  expect([...steps(one, "readAhead")]).toEqual([]);
  await one.clock.advance(2000);
  expect(one.unmet()).toEqual([]);
});

test("a snapshot does not count any more when the clock is set back, also if its set was read before", async () => {
  const one = scene([{ host: "host-1", at: NOW + 300 }]);
  one.unmet();
  one.read("/a", [{ host: "host-1", at: NOW + 700 }]);
  expect([...one.book.readAhead(one.store.entries(), START + 200_000)]).toEqual([]);
  expect(one.unmet()).toContain("e0 host-1 future");
});
