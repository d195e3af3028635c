import { isDeepStrictEqual } from "node:util";

import type { Labels } from "../../core/source.ts";
import type { Expectation } from "../../settings/expectations/expectations.ts";
import type { Period } from "../../settings/expectations/retention.ts";
import type { Finding } from "../finding.ts";
import { endOf, periodOf } from "./calendar.ts";

/** The last calendar periods of a rule of a policy. */
export interface PeriodCount {
  readonly period: Period;
  /** Of the last N calendar periods those that have a snapshot. */
  readonly found: number;
  /** N, or the periods since the oldest snapshot that was ever seen if these are fewer. */
  readonly expected: number;
  /** So many must have a snapshot, at most `expected`; 0: none need one. */
  readonly required: number;
}

/** A calendar period that has no snapshot, although the policy expects one. */
export interface Gap {
  readonly period: Period;
  /** Unix seconds, as `until`. */
  readonly from: number;
  /** The start of the next period. */
  readonly until: number;
}

/** Older gaps are not kept: the status page shows 30 days. */
const GAP_SECONDS = 31 * 86_400;

/** The snapshots of a slot in one repository, by the policy of the expectation. Never changes. */
export interface Retained {
  /** `url`, and the labels of the slot. */
  readonly labels: Labels;
  /** Empty: not all is read that decides on them, or there is no snapshot. */
  readonly periods: readonly PeriodCount[];
  /** The expected periods of the last 31 days that have no snapshot, newest first within a rule. */
  readonly gaps: readonly Gap[];
  /** Time of the oldest snapshot that was evidence since the settings changed, Unix seconds; Infinity: there was none. */
  readonly since: number;
  /** Text of the expectation: another one may be about other snapshots. */
  readonly settings: string;
  /** When a period ends, milliseconds since the epoch. */
  readonly until: number;
}

/**
 * The period under way counts only if it has a snapshot: without one the last N periods are those before it.
 * @param labels `url`, and those of the slot
 * @param previous the result of the last call: it stays the same object if nothing changed
 * @param now milliseconds since the epoch
 * @returns undefined: there is no policy, or nothing was known yet
 */
export function retainedOf(
  { retention, require, text }: Expectation,
  { evidence, isPartial }: Finding,
  labels: Labels,
  previous: Retained | undefined,
  now: number,
): Retained | undefined {
  const known = previous?.settings === text ? previous : undefined;
  if (!evidence || isPartial || evidence.isPartial)
    return known && changed(known, { ...known, periods: [], gaps: [], until: Infinity });
  const { newest, oldest, numbers } = evidence;
  const { utcOffsetMinutes } = newest;
  // What was removed was there: the history is not shorter for it.
  const since = Math.min(evidence.since, known?.since ?? Infinity);
  const start = { seconds: Math.min(oldest.seconds, since), utcOffsetMinutes };
  const periods: PeriodCount[] = [];
  const gaps: Gap[] = [];
  let until = Infinity;
  for (const [period, ofPeriod] of numbers) {
    const count = retention?.counts.get(period) ?? 0;
    const current = periodOf(period, { seconds: now / 1000, utcOffsetMinutes });
    // In another zone, or by a clock that is ahead, a later one can be under way.
    const isUnderWay = (ofPeriod[0] ?? -Infinity) >= current;
    const last = isUnderWay ? current : current - 1;
    const earlier = ofPeriod.filter((number) => number < current && number > last - count).length;
    const found = earlier + Number(isUnderWay);
    const first = Math.min(
      current,
      periodOf(period, oldest),
      periodOf(period, start),
      ofPeriod.at(-1) ?? Infinity,
    );
    const expected = Math.max(0, Math.min(count, last - first + 1));
    const required = Math.min(require.get(period) ?? 0, expected);
    periods.push({ period, found, expected, required });
    // The one under way has a snapshot if it counts.
    const newestEnded = Math.min(last, current - 1);
    const has = new Set(ofPeriod);
    for (let number = newestEnded; number > last - expected; number--) {
      const end = endOf(period, number, utcOffsetMinutes);
      if (end < now / 1000 - GAP_SECONDS) break;
      const from = endOf(period, number - 1, utcOffsetMinutes);
      if (!has.has(number)) gaps.push({ period, from, until: end });
    }
    until = Math.min(until, endOf(period, current, utcOffsetMinutes) * 1000);
  }
  const own = known?.labels ?? Object.freeze(labels);
  return changed(known, { labels: own, periods, gaps, since, settings: text, until });
}

function changed(before: Retained | undefined, made: Retained): Retained {
  return before && isDeepStrictEqual(before, made) ? before : made;
}

/** The required periods have a snapshot, as far as the history reaches. */
export function isEnough({ periods }: Retained): boolean {
  return periods.every(({ found, required }) => found >= required);
}
