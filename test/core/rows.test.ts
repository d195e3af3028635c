import { expect, test } from "vitest";

import { Rows } from "../../instrumentation/core/rows.ts";

const COUNTS = [0, 1, 15, 16, 17, 1023, 1024, 1025, 3000];

function rowsOf(count: number): Rows<Float64Array> {
  const rows = new Rows(3, (length) => new Float64Array(length));
  for (let row = 0; row < count; row++) rows.push([row, -row, row / 2]);
  return rows;
}

const numbersOf = (rows: Rows<Float64Array>): number[][] =>
  Array.from({ length: rows.length }, (_, row) => [0, 1, 2].map((field) => rows.get(row, field)));

test.for(COUNTS)("%i rows hold what was put into them", (count) => {
  const rows = rowsOf(count);
  expect(numbersOf(rows)).toEqual(Array.from({ length: count }, (_, row) => [row, -row, row / 2]));
  rows.set(count - 1, 1, 7);
  rows.set(count + 5000, 1, 7);
  expect(rows.get(count - 1, 1)).toBe(count === 0 ? Number.NaN : 7);
  expect(rows.get(count + 5000, 1)).toBeNaN();
});

test.for(COUNTS)(
  "of %i rows those that are marked stay, in order, and more can follow",
  (count) => {
    for (const stays of [() => 0, () => 1, (row: number) => (row % 3 === 0 ? 5 : 0)]) {
      const rows = rowsOf(count);
      rows.keep(Uint8Array.from({ length: count }, (_, row) => stays(row)));
      rows.push([1, 2, 3]);
      const kept = Array.from({ length: count }, (_, row) => row).filter((row) => stays(row) !== 0);
      expect(numbersOf(rows)).toEqual([...kept.map((row) => [row, -row, row / 2]), [1, 2, 3]]);
    }
  },
);

test("rows are compared as a whole", () => {
  const rows = rowsOf(2000);
  const others = rowsOf(2000);
  expect(rows.equals(1500, others, 1500)).toBe(true);
  expect(rows.equals(1500, others, 1499)).toBe(false);
  others.set(1500, 2, 1);
  expect(rows.equals(1500, others, 1500)).toBe(false);
});

test("what is cleared is written over", () => {
  const rows = rowsOf(1500);
  rows.clear();
  expect(rows.length).toBe(0);
  rows.push([4, 5, 6]);
  expect(numbersOf(rows)).toEqual([[4, 5, 6]]);
});
