import { expect, test } from "vitest";

import {
  earlier,
  endOf,
  periodOf,
} from "../../../instrumentation/expectations/retention/calendar.ts";
import { PERIODS } from "../../../instrumentation/settings/expectations/retention.ts";
import { Dice } from "../../support/core/dice.ts";

const at = (text: string, utcOffsetMinutes = 0) => ({
  seconds: Date.parse(text) / 1000,
  utcOffsetMinutes,
});

test.for([
  ["hourly", "2026-01-01T00:59:59Z", "2026-01-01T01:00:00Z"],
  ["daily", "2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z"],
  ["weekly", "2027-01-03T23:59:59Z", "2027-01-04T00:00:00Z"],
  ["weekly", "1969-12-28T23:59:59Z", "1969-12-29T00:00:00Z"],
  ["monthly", "2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z"],
  ["yearly", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z"],
] as const)("%s: %s is in the period before %s", ([period, before, after]) => {
  expect(periodOf(period, at(after))).toBe(periodOf(period, at(before)) + 1);
});

test("the zone decides which day it is", () => {
  const time = "2026-06-01T23:30:00Z";
  expect(periodOf("daily", at(time, 60))).toBe(periodOf("daily", at(time)) + 1);
  expect(periodOf("daily", at(time, -1440))).toBe(periodOf("daily", at(time)) - 1);
});

test("a time is before the end of its period, and the end is in the next one", () => {
  const dice = new Dice(1);
  for (let round = 0; round < 1000; round++) {
    const seconds = Math.floor((dice.roll(2 ** 30) - 2 ** 29) * 7.3);
    const utcOffsetMinutes = dice.roll(1700) - 850;
    for (const period of PERIODS) {
      const number = periodOf(period, { seconds, utcOffsetMinutes });
      const end = endOf(period, number, utcOffsetMinutes);
      expect(end).toBeGreaterThan(seconds);
      expect(periodOf(period, { seconds: end, utcOffsetMinutes })).toBe(number + 1);
      expect(periodOf(period, { seconds: end - 1, utcOffsetMinutes })).toBe(number);
    }
  }
});

test.for([
  ["2026-03-31T10:00:00Z", { months: 1 }, "2026-03-03T10:00:00Z"],
  ["2024-02-29T10:00:00Z", { years: 1 }, "2023-03-01T10:00:00Z"],
  ["2026-01-01T01:00:00Z", { days: 1, hours: 2 }, "2025-12-30T23:00:00Z"],
  ["2026-01-01T01:00:00Z", { years: 1, months: 12, days: 31 }, "2023-12-01T01:00:00Z"],
] as const)("%s less %o is %s, as in Go", ([text, by, expected]) => {
  const none = { years: 0, months: 0, days: 0, hours: 0 };
  expect(earlier(at(text), { ...none, ...by })).toBe(at(expected).seconds);
});

test("months are counted on the calendar of the zone", () => {
  const none = { years: 0, months: 1, days: 0, hours: 0 };
  expect(earlier(at("2026-02-28T23:30:00Z", 60), none)).toBe(at("2026-01-31T23:30:00Z").seconds);
});
