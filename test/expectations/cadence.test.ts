import { expect, test } from "vitest";

import { cadenceOf } from "../../instrumentation/expectations/cadence.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;

/** Times whose gaps are these, newest first. */
function timesOf(gaps: readonly number[]): readonly number[] {
  let time = 1000 * DAY;
  return [time, ...gaps.map((gap) => (time -= gap))];
}

const times = (count: number, gap: number): readonly number[] =>
  Array.from({ length: count }, () => gap);

test.for<readonly [string, readonly number[], number | undefined, number]>([
  ["no gap", [], undefined, 8 * DAY],
  ["one gap", [30 * DAY], undefined, 8 * DAY],
  ["many gaps within a day", times(10, HOUR), undefined, 8 * DAY],
  ["two equal gaps", times(2, DAY), DAY, 30 * HOUR],
  ["the larger one of two gaps is seen once", [DAY, 3 * DAY], DAY, 30 * HOUR],
  ["an outage that happened once", [DAY, DAY, 20 * DAY, DAY, DAY], DAY, 30 * HOUR],
  ["weekdays", [DAY, DAY, 3 * DAY, DAY, DAY, DAY, DAY, 3 * DAY, DAY], 3 * DAY, 90 * HOUR],
  ["weeks", times(5, 7 * DAY), 7 * DAY, 9 * DAY],
  ["hours", times(40, HOUR), HOUR, 75 * 60],
  [
    "large gaps before the newest 30 snapshots",
    [...times(29, DAY), ...times(9, 9 * DAY)],
    DAY,
    30 * HOUR,
  ],
  [
    "two large gaps in the newest 30 snapshots",
    [...times(20, DAY), 9 * DAY, 9 * DAY, ...times(7, DAY)],
    9 * DAY,
    12 * DAY,
  ],
  ["days that forget thinned to weeks", [...times(6, DAY), ...times(9, 7 * DAY)], DAY, 30 * HOUR],
  [
    "weekdays that forget thinned to weeks and months",
    [DAY, DAY, 3 * DAY, DAY, DAY, DAY, ...times(4, 7 * DAY), ...times(9, 30 * DAY)],
    3 * DAY,
    90 * HOUR,
  ],
  [
    "a burst of backups before daily ones is no rhythm",
    [...times(9, HOUR), ...times(9, DAY)],
    DAY,
    30 * HOUR,
  ],
])("cadence: %s", ([, gaps, gapSeconds, maxAgeSeconds]) => {
  expect(cadenceOf(timesOf(gaps))).toEqual({ gapSeconds, maxAgeSeconds });
});
