import { expect, test } from "vitest";

import { listedFiles } from "../../instrumentation/backends/backend.ts";

const sizesOf = (...sizes: readonly unknown[]): readonly number[] | undefined =>
  listedFiles(
    sizes.map((size) => ({ name: "a", size })),
    { sizes: true },
  ).sizes;

test.for([
  [0, 0],
  [5, 5],
  ["0", 0],
  ["17179869184", 17_179_869_184],
  [2 ** 53 - 1, 2 ** 53 - 1],
  [2 ** 53, 2 ** 53 - 1],
  [1e300, 2 ** 53 - 1],
  [Infinity, 2 ** 53 - 1],
  ["18446744073709551615", 2 ** 53 - 1],
  ["99999999999999999999", 2 ** 53 - 1],
] as const)("the size %j is %i bytes", ([size, bytes]) => {
  expect(sizesOf(size)).toEqual([bytes]);
});

test.for([
  undefined,
  null,
  -1,
  -0.5,
  1.5,
  Number.NaN,
  "",
  "-1",
  "1.5",
  "1e3",
  " 1",
  "0x10",
  [],
  {},
])("without a valid size, such as %j, no size is known", (size) => {
  expect(sizesOf(size)).toBeUndefined();
  expect(sizesOf(1, size, 2)).toBeUndefined();
});

test("a digit string of any length is no size", () => {
  expect(sizesOf("1".repeat(1_000_000))).toBeUndefined();
});

test("sizes are left out unless they are asked for, and are those of the names with the prefix", () => {
  const files = ["aa", "ab", "ba"].map((name, size) => ({ name, size }));
  expect(listedFiles(files)).toEqual({ names: ["aa", "ab", "ba"] });
  expect(listedFiles(files, { prefix: "ab", sizes: true })).toEqual({ names: ["ab"], sizes: [1] });
});
