import { expect, test } from "vitest";

import { parseSize } from "../../instrumentation/core/size.ts";

test.for([
  ["4096", 4096],
  ["0", 0],
  ["1GiB", 2 ** 30],
  ["1.5 MB", 1_500_000],
  ["10kB", 10_000],
  ["2TiB", 2 ** 41],
] as const)("%s is a size", ([text, expected]) => {
  expect(parseSize(text)).toBe(expected);
});

test.for(["", "GiB", "-1", "1gb", "1 XB", "1e9", "constructor", "1.2345GB"])(
  "'%s' is not a size",
  (text) => {
    expect(parseSize(text)).toBeUndefined();
  },
);
