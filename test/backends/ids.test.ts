import { createHash } from "node:crypto";

import { expect, test } from "vitest";

import { Ids } from "../../instrumentation/backends/file-ids.ts";

const NAMES = Array.from({ length: 3000 }, (_, index) =>
  createHash("sha256").update(String(index)).digest("hex"),
);
const EXTREMES = ["0".repeat(64), "f".repeat(64), `${"0".repeat(63)}1`, `8${"0".repeat(63)}`];

test("come out as they were put in", () => {
  const ids = Ids.of([...NAMES, ...EXTREMES]);
  expect(ids.length).toBe(3004);
  expect([...ids]).toEqual([...NAMES, ...EXTREMES]);
  expect(ids.at(2999)).toBe(NAMES[2999]);
});

test.for([
  "",
  "a".repeat(63),
  "a".repeat(65),
  "A".repeat(64),
  `${"a".repeat(63)}g`,
  `/${"a".repeat(63)}`,
  `:${"a".repeat(63)}`,
  `\`${"a".repeat(63)}`,
  `${"a".repeat(63)}\u0161`,
  `${"a".repeat(63)}\uff41`,
  `${"a".repeat(64)}-tmp-123`,
])("%j is none, and left out", (name) => {
  const ids = Ids.of(EXTREMES);
  expect(ids.push(name)).toBe(false);
  expect([...ids]).toEqual(EXTREMES);
});

test("are in the order of their texts", () => {
  const names = [...NAMES.slice(0, 200), ...EXTREMES];
  const ids = Ids.of(names);
  const order = names.map((_, index) => index).toSorted((a, b) => ids.compare(a, b));
  expect(order.map((index) => names[index])).toEqual(names.toSorted());
  expect(ids.compare(5, 5)).toBe(0);
});

test("are the same as others, or not", () => {
  const some = Ids.of(EXTREMES);
  const others = Ids.of([...NAMES, ...EXTREMES]);
  EXTREMES.forEach((_, index) => {
    expect(some.equals(index, others, 3000 + index)).toBe(true);
    expect(some.hash(index)).toBe(others.hash(3000 + index));
    expect(some.equals(index, others, 3000 + ((index + 1) % 4))).toBe(false);
  });
});

test("those that are marked are kept", () => {
  const ids = Ids.of(NAMES);
  ids.keep(Uint8Array.from(NAMES, (_, index) => index % 2));
  expect([...ids]).toEqual(NAMES.filter((_, index) => index % 2 === 1));
});
