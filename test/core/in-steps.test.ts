import { expect, test } from "vitest";

import {
  atOnce,
  forParts,
  inSteps,
  sortedInSteps,
  sortSteps,
  turnIfLong,
} from "../../instrumentation/core/in-steps.ts";
import { Dice } from "../support/core/dice.ts";

/** Runs a function while something else counts the turns of the event loop that it gets. */
async function turnsOf(run: () => Promise<unknown>): Promise<number> {
  let [turns, isRunning] = [0, true];
  const turn = (): void => {
    turns += 1;
    if (isRunning) setImmediate(turn);
  };
  setImmediate(turn);
  await run();
  isRunning = false;
  return turns;
}

function* steps(count: number): Generator<void, string> {
  for (let step = 1; step < count; step++) yield;
  return `${count} steps`;
}

test("other work has its turn between steps, and none with one step", async () => {
  expect(await inSteps(steps(7))).toBe("7 steps");
  expect(atOnce(steps(7))).toBe("7 steps");
  expect(await turnsOf(() => inSteps(steps(7)))).toBe(6);
  expect(await turnsOf(() => inSteps(steps(1)))).toBe(0);
});

test.for([0, 1, 4999, 5000, 5001, 23_456])(
  "%i strings are sorted as at once, and have parts that make the whole",
  async (length) => {
    const dice = new Dice(length);
    const list = Array.from({ length }, () => String(dice.roll(10_000)));
    expect(await sortedInSteps(list)).toEqual(list.toSorted());
    const parts: string[] = [];
    await forParts(list, (part) => {
      expect(part.length).toBeLessThanOrEqual(5000);
      parts.push(...part);
    });
    expect(parts).toEqual(list);
  },
);

test("entries that are equal keep their order", () => {
  const list = Array.from({ length: 23_456 }, (_, index) => ({ index, key: (index * 7919) % 5 }));
  const byKey = (a: { key: number }, b: { key: number }): number => a.key - b.key;
  expect(atOnce(sortSteps(list, byKey))).toEqual(list.toSorted(byKey));
});

test("short lists take no turn, long ones do", async () => {
  const list = Array.from({ length: 20_000 }, (_, index) => String(index));
  expect(await turnsOf(() => sortedInSteps(list.slice(0, 5000)))).toBe(0);
  expect(await turnsOf(() => forParts(list.slice(0, 5000), () => {}))).toBe(0);
  expect(await turnsOf(() => turnIfLong(5000))).toBe(0);
  expect(await turnsOf(() => sortedInSteps(list))).toBeGreaterThan(5);
  expect(await turnsOf(() => forParts(list, () => {}))).toBe(3);
  expect(await turnsOf(() => turnIfLong(5001))).toBe(1);
});
