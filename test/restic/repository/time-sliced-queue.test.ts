import { setImmediate as nextTurn } from "node:timers/promises";

import { afterEach, expect, test, vi } from "vitest";

import { TimeSlicedQueue } from "../../../instrumentation/restic/repository/time-sliced-queue.ts";

afterEach(() => vi.restoreAllMocks());

test("work is done in order, after whatever the event loop has to do now", async () => {
  const done: number[] = [];
  const turns = new TimeSlicedQueue((items: readonly number[], at) =>
    done.push(...items.slice(at, at + 1)),
  );
  turns.add(1);
  turns.add(2);
  expect(done).toEqual([]);
  await turns.done();
  await turns.done();
  expect(done).toEqual([1, 2]);
  turns.add(3);
  await turns.done();
  expect(done).toEqual([1, 2, 3]);
});

test("it is parted, so that others have their turn", async () => {
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  const done: number[] = [];
  // Each takes 3 ms; two of them are enough for one turn.
  const turns = new TimeSlicedQueue((items: readonly number[], at) => {
    now += 3;
    done.push(...items.slice(at, at + 1));
  });
  for (let item = 0; item < 5; item++) turns.add(item);
  const lengths: number[] = [];
  const all = turns.done();
  for (let turn = 0; turn < 3; turn++) {
    await nextTurn();
    lengths.push(done.length);
  }
  await all;
  expect(lengths).toEqual([2, 4, 5]);
  expect(done).toEqual([0, 1, 2, 3, 4]);
});
