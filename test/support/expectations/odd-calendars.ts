import { WITHIN } from "../../../instrumentation/settings/expectations/retention.ts";
import type { Dice } from "../core/dice.ts";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;

/** A zone of the map, and moments at which its clocks change; Lord Howe changes by half an hour. */
const CHANGES = [
  ["Europe/Berlin", ["2026-03-29T01:00Z", "2025-10-26T01:00Z"]],
  ["America/New_York", ["2026-03-08T07:00Z", "2025-11-02T06:00Z"]],
  ["Australia/Lord_Howe", ["2026-04-04T15:00Z", "2025-10-04T15:30Z"]],
  ["America/St_Johns", ["2026-03-08T05:30Z", "2025-11-02T04:30Z"]],
] as const;

/** Last days of months and years, leap days, years of 53 weeks. */
const ENDS = ["2026-02-28", "2024-02-29", "2000-02-29", "2026-03-31", "2020-12-31", "2021-01-03"];

/** The times of the snapshots of a host in RFC 3339, no time twice. */
export function oddTimes(dice: Dice, count: number): readonly string[] {
  const [zone, changes] = dice.pick(CHANGES);
  const kind = dice.pick(["change", "ends", "second"] as const);
  const start = Date.parse(kind === "change" ? dice.pick(changes) : dice.pick(ENDS)) / 1000;
  const step = dice.pick([10 * MINUTE, 30 * MINUTE, HOUR, 6 * HOUR, DAY]);
  const times = Array.from({ length: 1 + dice.roll(count) }, (_, index): string => {
    if (kind === "second") return timeOf(start, zone, dice.roll(1e9));
    if (kind === "change") return timeOf(start + (index - 20) * step, zone, dice.pick([0, 1]));
    // A second before and at midnight, some months in a row.
    const days = dice.pick([0, 1, 28, 29, 30, 31, 59, 365, 366]) * (1 + (index >> 3));
    return timeOf(start - days * DAY - dice.roll(2), zone, dice.pick([0, 999_999_999]));
  });
  return [...new Set(times)];
}

function timeOf(seconds: number, timeZone: string, nanoseconds: number): string {
  const date = new Date(seconds * 1000);
  const parts = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" });
  const name = parts.formatToParts(date).find(({ type }) => type === "timeZoneName")?.value ?? "";
  const [, sign = "+", hours = "00", minutes = "00"] = /([+-])(\d\d):(\d\d)/.exec(name) ?? [];
  const offset = (Number(hours) * HOUR + Number(minutes) * MINUTE) * (sign === "-" ? -1 : 1);
  const local = new Date((seconds + offset) * 1000).toISOString().slice(0, 19);
  return `${local}.${String(nanoseconds).padStart(9, "0")}${sign}${hours}:${minutes}`;
}

/** The key `retention` of an expectation, with more durations than numbers. */
export function oddPolicy(dice: Dice): Readonly<Record<string, unknown>> {
  const durations = [
    "1h",
    "25h",
    "1d",
    "31d",
    "1m",
    "1m30d",
    "13m",
    "1y",
    "1y1m1d1h",
    "5y11m",
    "99y",
  ];
  const within = WITHIN.filter(() => dice.roll(2) === 0).map(([key]) => [
    key,
    dice.pick(durations),
  ]);
  const counts = ["hourly", "daily", "weekly", "monthly", "yearly", "last"]
    .filter(() => dice.roll(4) === 0)
    .map((key) => [key, dice.pick([1, 2, 5, 53])]);
  const rules = Object.fromEntries([...within, ...counts]);
  return Object.keys(rules).length > 0 ? rules : { withinMonthly: "13m" };
}
