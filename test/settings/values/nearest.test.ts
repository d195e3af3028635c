import { expect, test } from "vitest";

import { distance, nearest } from "../../../instrumentation/settings/nearest.ts";
import { Dice } from "../../support/core/dice.ts";

const NAMES = ["repo", "Password", "hosts", "maxAge", "minBytes", "minFiles", "users", "tags", "x"];

/** The same by definition: the first of the names with the fewest changes, if these are few. */
function plainlyNearest(unknown: string): string | undefined {
  const of = (name: string): number => distance(unknown.toLowerCase(), name.toLowerCase());
  const least = Math.min(...NAMES.map(of));
  const isNear = least <= Math.max(1, Math.floor(unknown.length / 3));
  return isNear ? NAMES.find((name) => of(name) === least) : undefined;
}

test("3,000 misspelt names are near to the names that are so by definition", () => {
  const dice = new Dice(3);
  for (let round = 0; round < 3000; round++) {
    let name = dice.pick(NAMES);
    for (let change = dice.roll(4); change > 0; change--) {
      const at = dice.roll(name.length + 1);
      name = name.slice(0, at) + dice.pick(["", "a", "E", "s"]) + name.slice(at + dice.roll(2));
    }
    expect(nearest(name, NAMES), `nearest to ${name}`).toBe(plainlyNearest(name));
  }
});

test.for([
  ["", "abc", 3],
  ["kitten", "sitting", 3],
  ["paused", "paused", 0],
] as const)("%s and %s differ by %i changes", ([a, b, changes]) => {
  expect(distance(a, b)).toBe(changes);
  expect(distance(a, b, changes)).toBe(changes);
  expect(distance(a, b, changes - 1)).toBe(Infinity);
});

test("of names that are equally near the first one counts", () => {
  expect(nearest("hats", ["cats", "bats", "mats"])).toBe("cats");
});

test("a long name has no near one", () => {
  expect(nearest("x".repeat(65), ["x".repeat(64)])).toBeUndefined();
});
