import { expect, test } from "vitest";
import { Store, subjectKey } from "../../instrumentation/collect/store.ts";
import { AgentError } from "../../instrumentation/core/error.ts";
import type { Attempt } from "../../instrumentation/core/source.ts";

const good: Attempt = { startedAt: 1000, durationSeconds: 0.5, complete: true };
const bad: Attempt = {
  startedAt: 9000,
  durationSeconds: 2,
  complete: false,
  error: new AgentError("unreachable", "no"),
};
const a = { repository: "a" };
const b = { repository: "b" };

test("a failed attempt keeps the last good state and its time", () => {
  const store = new Store<string>();
  store.put(a, "state", good);
  store.put(a, undefined, bad);
  expect(store.get({ repository: "a" })).toEqual({
    subject: a,
    state: "state",
    attempt: bad,
    lastCompleteAt: 1500,
    failingSince: 9000,
  });
});

test("the state of an incomplete attempt is stored without lastCompleteAt", () => {
  const store = new Store<string>();
  store.put(a, "partial", bad);
  expect(store.get(a)).toEqual({
    subject: a,
    state: "partial",
    attempt: bad,
    lastCompleteAt: undefined,
    failingSince: 9000,
  });
});

test("a complete attempt with an error counts as complete", () => {
  const store = new Store<string>();
  const damaged = { ...good, error: new AgentError("corrupt", "one snapshot") };
  store.put(a, "state", damaged);
  expect(store.get(a)).toEqual({
    subject: a,
    state: "state",
    attempt: damaged,
    lastCompleteAt: 1500,
  });
});

test("failingSince is the start of the first of several consecutive failures", () => {
  const store = new Store<string>();
  for (const attempt of [good, bad, { ...bad, startedAt: 20_000 }])
    store.put(a, undefined, attempt);
  expect(store.get(a)?.failingSince).toBe(9000);
  store.put(a, "state", good);
  expect(store.get(a)?.failingSince).toBeUndefined();
});

test("entries are sorted by subject", () => {
  const store = new Store<number>();
  store.put(b, 2, good);
  store.put(a, 1, good);
  expect([...store.entries()].map((entry) => entry.state)).toEqual([1, 2]);
  store.put(b, 3, good);
  expect([...store.entries()].map((entry) => entry.state)).toEqual([1, 3]);
});

test("retain deletes all other subjects; the last job stays", () => {
  const store = new Store<number>();
  store.put(a, 1, good);
  store.finishJob({ finishedAt: 5 });
  expect(store.retain([a])).toBe(false);
  expect([...store.entries()]).toHaveLength(1);
  expect(store.retain([b])).toBe(true);
  expect([...store.entries()]).toEqual([]);
  expect(store.job).toEqual({ finishedAt: 5 });
});

test.for([
  [{ a: "1", b: "2" }, { b: "2", a: "1" }, true],
  [{ a: '1","b":"2' }, { a: "1", b: "2" }, false],
  [{ host: "web-1", user: "db" }, { host: "web", user: "1-db" }, false],
  [{ a: "" }, {}, false],
  [{ a: "b" }, { b: "a" }, false],
] as const)("%j and %j have the same key: %s", ([one, other, same]) => {
  expect(subjectKey(one) === subjectKey(other)).toBe(same);
});
