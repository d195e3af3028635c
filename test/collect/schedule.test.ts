// oxlint-disable no-restricted-globals -- fixed instants
import { expect, test } from "vitest";
import { parseSchedule } from "../../instrumentation/collect/schedule.ts";
import { AgentError } from "../../instrumentation/core/error.ts";

function times(cron: string, after: string, count: number, timezone = "UTC"): string[] {
  const schedule = parseSchedule(cron, timezone);
  const found: string[] = [];
  for (let at = schedule.next(Date.parse(after)); found.length < count; at = schedule.next(at)) {
    found.push(new Date(at).toISOString().replace(":00.000Z", "Z"));
  }
  return found;
}

// 2026-01-01 is a Thursday.
test.for([
  ["0 0 * * *", ["2026-01-02T00:00Z", "2026-01-03T00:00Z"]],
  ["30 6 * * *", ["2026-01-01T06:30Z", "2026-01-02T06:30Z"]],
  ["  30   6 * *\t* ", ["2026-01-01T06:30Z", "2026-01-02T06:30Z"]],
  ["*/10 * * * *", ["2026-01-01T00:10Z", "2026-01-01T00:20Z"]],
  ["*/10 * * * * *", ["2026-01-01T00:00:10.000Z", "2026-01-01T00:00:20.000Z"]],
  ["15 30 6 * * *", ["2026-01-01T06:30:15.000Z", "2026-01-02T06:30:15.000Z"]],
  [
    "5/15 * * * *",
    [
      "2026-01-01T00:05Z",
      "2026-01-01T00:20Z",
      "2026-01-01T00:35Z",
      "2026-01-01T00:50Z",
      "2026-01-01T01:05Z",
    ],
  ],
  ["5/15,7 * * * *", ["2026-01-01T00:05Z", "2026-01-01T00:07Z", "2026-01-01T00:20Z"]],
  ["*/90 * * * *", ["2026-01-01T01:00Z", "2026-01-01T02:00Z"]],
  ["10-20/30 * * * *", ["2026-01-01T00:10Z", "2026-01-01T01:10Z"]],
  ["0 0 * * MON/2", ["2026-01-02T00:00Z", "2026-01-05T00:00Z", "2026-01-07T00:00Z"]],
  ["0 0 1 jan/6 *", ["2026-07-01T00:00Z", "2027-01-01T00:00Z"]],
  ["? ? * * *", ["2026-01-01T00:01Z", "2026-01-01T00:02Z"]],
  ["0 0 ? * 1", ["2026-01-05T00:00Z", "2026-01-12T00:00Z"]],
  ["0 0 */1 * 1", ["2026-01-05T00:00Z", "2026-01-12T00:00Z"]],
  ["0 0 */2 * 1", ["2026-01-03T00:00Z", "2026-01-05T00:00Z", "2026-01-07T00:00Z"]],
  ["0 0 5,* * 1", ["2026-01-05T00:00Z", "2026-01-12T00:00Z"]],
  ["0 0 13 * FRI", ["2026-01-02T00:00Z", "2026-01-09T00:00Z", "2026-01-13T00:00Z"]],
  ["0 0 29 2 *", ["2028-02-29T00:00Z", "2032-02-29T00:00Z"]],
  ["@yearly", ["2027-01-01T00:00Z", "2028-01-01T00:00Z"]],
  ["@annually", ["2027-01-01T00:00Z", "2028-01-01T00:00Z"]],
  ["@monthly", ["2026-02-01T00:00Z", "2026-03-01T00:00Z"]],
  ["@weekly", ["2026-01-04T00:00Z", "2026-01-11T00:00Z"]],
  ["@daily", ["2026-01-02T00:00Z", "2026-01-03T00:00Z"]],
  ["@midnight", ["2026-01-02T00:00Z", "2026-01-03T00:00Z"]],
  ["@hourly", ["2026-01-01T01:00Z", "2026-01-01T02:00Z"]],
  ["@every 1h30m", ["2026-01-01T01:30Z", "2026-01-01T03:00Z"]],
  ["@every 1.9s", ["2026-01-01T00:00:01.000Z", "2026-01-01T00:00:02.000Z"]],
] as const)("%s runs at the expected times", ([cron, expected]) => {
  expect(times(cron, "2026-01-01T00:00:00Z", expected.length)).toEqual(expected);
});

test.for([
  ["0 0 * * *", "Europe/Berlin", "2026-01-01T23:00Z"],
  ["CRON_TZ=Asia/Tokyo 0 0 * * *", "Europe/Berlin", "2026-01-01T15:00Z"],
  ["TZ=Asia/Tokyo 0 0 * * *", "Europe/Berlin", "2026-01-01T15:00Z"],
  ["CRON_TZ=Asia/Tokyo @daily", "Europe/Berlin", "2026-01-01T15:00Z"],
  ["TZ= 0 0 * * *", "Europe/Berlin", "2026-01-02T00:00Z"],
  ["TZ=Asia/Tokyo @every 1h", "Europe/Berlin", "2026-01-01T01:00Z"],
] as const)("%s with timezone %s runs at the expected time", ([cron, timezone, expected]) => {
  expect(times(cron, "2026-01-01T00:00:00Z", 1, timezone)).toEqual([expected]);
});

test("without a zone, and with TZ=Local, the zone of the process is used", () => {
  const local = new Date(2026, 0, 2).getTime();
  const after = local - 1000;
  expect(parseSchedule("0 0 * * *", undefined).next(after)).toBe(local);
  expect(parseSchedule("TZ=Local 0 0 * * *", "Asia/Tokyo").next(after)).toBe(local);
});

test("the next time is always later than the given one, also within a second", () => {
  const each = parseSchedule("* * * * * *", "UTC");
  expect([each.next(1000), each.next(1001), each.next(1999), each.next(2000)]).toEqual([
    2000, 2000, 2000, 3000,
  ]);
  const every = parseSchedule("@every 1s", undefined);
  expect([every.next(1000), every.next(1001), every.next(1999)]).toEqual([2000, 2000, 2000]);
});

test("the text is the trimmed input", () => {
  expect(parseSchedule(" TZ=UTC 5/15 * * * * ", undefined).text).toBe("TZ=UTC 5/15 * * * *");
});

// Berlin 2026: on 29 March 02:00 becomes 03:00 (01:00Z), on 25 October 03:00 becomes 02:00 (01:00Z).
test.for([
  [
    "a daily time in the gap runs right after it",
    "30 2 * * *",
    "2026-03-28T12:00Z",
    ["2026-03-29T01:00Z", "2026-03-30T00:30Z"],
  ],
  [
    "one of several daily times in the gap runs right after it",
    "30 2,14 * * *",
    "2026-03-28T23:00Z",
    ["2026-03-29T01:00Z", "2026-03-29T12:30Z"],
  ],
  [
    "a daily time that occurs twice runs once",
    "30 2 * * *",
    "2026-10-24T12:00Z",
    ["2026-10-25T00:30Z", "2026-10-26T01:30Z"],
  ],
  [
    "midnight stays local midnight",
    "0 0 * * *",
    "2026-10-24T12:00Z",
    ["2026-10-24T22:00Z", "2026-10-25T23:00Z"],
  ],
  [
    "an hourly schedule follows the clock in spring",
    "0 * * * *",
    "2026-03-29T00:00Z",
    ["2026-03-29T01:00Z", "2026-03-29T02:00Z"],
  ],
  [
    "a half-hourly schedule follows the clock in autumn",
    "*/30 * * * *",
    "2026-10-25T00:00Z",
    ["2026-10-25T00:30Z", "2026-10-25T01:00Z", "2026-10-25T01:30Z", "2026-10-25T02:00Z"],
  ],
  [
    "@every is independent of the wall clock",
    "@every 24h",
    "2026-03-28T01:30Z",
    ["2026-03-29T01:30Z", "2026-03-30T01:30Z"],
  ],
] as const)("daylight saving time: %s", ([, cron, after, expected]) => {
  expect(times(cron, after, expected.length, "Europe/Berlin")).toEqual(expected);
});

const EXAMPLES = "valid examples: '0 3 * * *' (each day at 03:00), '@hourly', '@every 1h30m'";
test.for([
  ["", undefined, "invalid cron '': the fields are missing"],
  ["TZ=UTC", undefined, "invalid cron 'TZ=UTC': the fields are missing"],
  ["0 0 31 2 *", "UTC", "invalid cron '0 0 31 2 *': this date never occurs"],
  ["0 0 30 2 *", undefined, "invalid cron '0 0 30 2 *': this date never occurs"],
  [
    "0 0 * * *",
    "Nope/X",
    "invalid cron '0 0 * * *': unknown time zone 'Nope/X' (valid example: 'Europe/Berlin')",
  ],
  [
    "CRON_TZ=Nope/X 0 0 * * *",
    "UTC",
    "invalid cron 'CRON_TZ=Nope/X 0 0 * * *': unknown time zone 'Nope/X' (valid example: 'Europe/Berlin')",
  ],
  [
    "@every 5m",
    "Nope/X",
    "invalid cron '@every 5m': unknown time zone 'Nope/X' (valid example: 'Europe/Berlin')",
  ],
  ["@every", undefined, "invalid cron '@every': '' is not a duration like 1h30m"],
  ["@every 5", undefined, "invalid cron '@every 5': '5' is not a duration like 1h30m"],
  ["@every -5m", undefined, "invalid cron '@every -5m': '-5m' is not a duration like 1h30m"],
  [
    "@every 9999999h",
    undefined,
    "invalid cron '@every 9999999h': '9999999h' is not a duration like 1h30m",
  ],
  ["@every 500ms", undefined, "invalid cron '@every 500ms': the shortest interval is 1s"],
  [
    "* * * *",
    undefined,
    "invalid cron '* * * *': expected 5 fields (or 6, seconds first), found 4",
  ],
  [
    "* * * * * * *",
    undefined,
    "invalid cron '* * * * * * *': expected 5 fields (or 6, seconds first), found 7",
  ],
  [
    "2026-01-01T00:00:00",
    undefined,
    "invalid cron '2026-01-01T00:00:00': expected 5 fields (or 6, seconds first), found 1",
  ],
  ["60 * * * *", undefined, "invalid cron '60 * * * *': invalid value for minute: 60"],
] as const)("'%s' in zone %s is rejected with the problem", ([cron, timezone, message]) => {
  expect(errorOf(cron, timezone)).toBe(`${message}; ${EXAMPLES}`);
});

test.for([
  "@reboot",
  "@dayly",
  "0 24 * * *",
  "10-0 * * * *",
  "*,99 * * * *",
  "*/0 * * * *",
  "5/0 * * * *",
  "61/2 * * * *",
  "x * * * *",
  "~ * * * *",
  "1,,2 * * * *",
])("'%s' is rejected", (cron) => {
  expect(errorOf(cron, undefined)).toMatch(/^invalid cron '.*': .*; valid examples: /);
});

function errorOf(cron: string, timezone: string | undefined): string {
  try {
    parseSchedule(cron, timezone);
  } catch (error) {
    if (error instanceof AgentError && error.code === "config") return error.message;
    throw error;
  }
  return "accepted";
}
