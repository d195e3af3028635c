import { expect, test } from "vitest";
import { formatDuration, parseDurationMs } from "../../instrumentation/core/duration.ts";

test.for([
  ["30s", 30_000],
  ["5m", 300_000],
  ["1h30m", 5_400_000],
  ["1.5h", 5_400_000],
  [".5s", 500],
  ["1.s", 1000],
  ["250ms", 250],
  ["1500us", 1.5],
  ["0s", 0],
  ["14d", 1_209_600_000],
  ["1w2d", 777_600_000],
  ["1d12h", 129_600_000],
] as const)("%s is a duration", ([text, expected]) => {
  expect(parseDurationMs(text)).toBeCloseTo(expected, 9);
});

test.for([
  "",
  "5",
  "m",
  "5 m",
  "-5m",
  "5m ",
  "1y",
  "1D",
  "d",
  "1h30",
  "5M",
  ".s",
  `${"9".repeat(400)}h`,
])("'%s' is not a duration", (text) => {
  expect(parseDurationMs(text)).toBeUndefined();
});

test.for([
  [300_000, "5m"],
  [5_400_000, "1h30m"],
  [1500, "1.5s"],
  [61_000, "1m1s"],
  [86_400_000, "24h"],
  [0, "0s"],
] as const)("%d ms is written as %s", ([ms, expected]) => {
  expect(formatDuration(ms)).toBe(expected);
});
