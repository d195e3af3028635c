import type { Expectation } from "../../settings/expectations/expectations.ts";
import type { Period } from "../../settings/expectations/retention.ts";
import { endOf, periodOf } from "./calendar.ts";
import type { Evidence } from "./evidence.ts";

/** The last calendar periods of a rule of a policy. */
export interface PeriodCount {
  readonly period: Period;
  /** Of the last N calendar periods those that have a snapshot. */
  readonly found: number;
  /** N, or the periods since the oldest snapshot if these are fewer. */
  readonly expected: number;
  /** How many must have a snapshot. */
  readonly required: number;
}

/** The periods of a slot in a repository. */
export interface PeriodCounts {
  readonly list: readonly PeriodCount[];
  /** When a period ends, milliseconds since the epoch. */
  readonly until: number;
}

/**
 * The period under way counts only if it has a snapshot: without one the last N periods are those before it.
 * @param now milliseconds since the epoch
 */
export function periodsAt(
  { retention, require }: Expectation,
  evidence: Evidence,
  now: number,
): PeriodCounts {
  const { newest, oldest, periods } = evidence;
  const { utcOffsetMinutes } = newest;
  const list: PeriodCount[] = [];
  let until = Infinity;
  for (const [period, numbers] of periods) {
    const count = retention?.counts.get(period) ?? 0;
    const current = periodOf(period, { seconds: now / 1000, utcOffsetMinutes });
    // In another zone, or by a clock that is ahead, a period can be later.
    const found = new Set(numbers.map((number) => Math.min(number, current)));
    const last = found.has(current) ? current : current - 1;
    const first = last - count + 1;
    const oldestPeriod = Math.min(periodOf(period, oldest), ...found);
    list.push({
      period,
      found: [...found].filter((number) => number >= first).length,
      expected: Math.max(0, Math.min(count, last - oldestPeriod + 1)),
      required: require.get(period) ?? 0,
    });
    until = Math.min(until, endOf(period, current, utcOffsetMinutes) * 1000);
  }
  return { list, until };
}

/** Whether the required periods have a snapshot, as far as the history reaches. */
export function areRequiredThere({ list }: PeriodCounts): boolean {
  return list.every(({ found, expected, required }) => found >= Math.min(required, expected));
}
