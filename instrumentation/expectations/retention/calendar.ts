/* oxlint-disable no-restricted-globals -- converts given times, does not read the clock */

import type { Snapshot } from "../../restic/state.ts";
import type { Period, ResticDuration } from "../../settings/expectations/retention.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;
/** The epoch was a Thursday: weeks begin with Monday, as in ISO 8601. */
const DAYS_BEFORE_EPOCH = 3;

/** A time by a clock on the wall. */
export interface LocalTime {
  /** Unix seconds. */
  readonly seconds: number;
  /** The zone, minutes east of UTC. */
  readonly utcOffsetMinutes: number;
}

/** The time of a snapshot by the clock of its client; by UTC if its zone is not read yet. */
export function localTime({ time, details }: Snapshot): LocalTime {
  return { seconds: time.seconds, utcOffsetMinutes: details?.utcOffsetMinutes ?? 0 };
}

/** The number of the calendar period that a time is in. Consecutive periods have consecutive numbers. */
export function periodOf(period: Period, { seconds, utcOffsetMinutes }: LocalTime): number {
  const local = seconds + utcOffsetMinutes * 60;
  return period === "hourly"
    ? Math.floor(local / HOUR)
    : periodOfDay(period, Math.floor(local / DAY));
}

/** As `periodOf`. @param day days since the epoch */
export function periodOfDay(period: Exclude<Period, "hourly">, day: number): number {
  if (period === "daily") return day;
  if (period === "weekly") return Math.floor((day + DAYS_BEFORE_EPOCH) / 7);
  const date = new Date(day * DAY * 1000);
  const year = date.getUTCFullYear();
  return period === "yearly" ? year : year * 12 + date.getUTCMonth();
}

/** When a period ends in a zone, Unix seconds. */
export function endOf(period: Period, number: number, utcOffsetMinutes: number): number {
  return localEnd(period, number) - utcOffsetMinutes * 60;
}

function localEnd(period: Period, number: number): number {
  if (period === "hourly") return (number + 1) * HOUR;
  if (period === "daily") return (number + 1) * DAY;
  if (period === "weekly") return ((number + 1) * 7 - DAYS_BEFORE_EPOCH) * DAY;
  const month = period === "yearly" ? (number + 1) * 12 : number + 1;
  return Date.UTC(Math.floor(month / 12), month % 12) / 1000;
}

/** The time a duration earlier on the calendar of its zone, Unix seconds. Months without that day go on into the next one, as in Go. */
export function earlier({ seconds, utcOffsetMinutes }: LocalTime, by: ResticDuration): number {
  const offset = utcOffsetMinutes * 60;
  const date = new Date((seconds + offset) * 1000);
  date.setUTCFullYear(
    date.getUTCFullYear() - by.years,
    date.getUTCMonth() - by.months,
    date.getUTCDate() - by.days,
  );
  return date.getTime() / 1000 - offset - by.hours * HOUR;
}
