import type { Snapshot } from "../../restic/state.ts";
import type { Period, Retention } from "../../settings/expectations/retention.ts";
import { localTime, periodOf, periodOfDay } from "./calendar.ts";
import type { LocalTime } from "./calendar.ts";

/** Clocks of two zones are up to 26 hours apart: so many periods can be after the one that is under way in another zone. */
const MAX_ZONE_HOURS = 26;

/** The calendar periods of which snapshots are there. Snapshots that are dated in the future are left out. */
export interface Evidence {
  readonly newest: LocalTime;
  /** Of all snapshots, also of those that are no evidence. */
  readonly oldest: LocalTime;
  /** Time of the oldest one that is evidence, Unix seconds; Infinity: there is none. */
  readonly since: number;
  /** The numbers of the newest periods that have a snapshot, newest first, for each rule with a number. */
  readonly numbers: ReadonlyMap<Period, readonly number[]>;
  /** The zones of some snapshots are not read yet. */
  readonly isPartial: boolean;
}

/**
 * @param snapshots all that are not dated in the future
 * @param good those that count and are not backdated
 * @returns undefined: there are none
 */
export function evidenceOf(
  { counts }: Retention,
  snapshots: readonly Snapshot[],
  good: readonly Snapshot[],
): Evidence | undefined {
  const [first, ...more] = snapshots;
  if (!first) return undefined;
  const times = good.map(localTime);
  const hours = new Set(times.map((time) => periodOf("hourly", time)));
  // Every other period begins at midnight. Of thousands of snapshots many are of one day.
  const days = new Set(Array.from(hours, (hour) => Math.floor(hour / 24)));
  const numbersOf = (period: Period): Iterable<number> =>
    period === "hourly" ? hours : Array.from(days, (day) => periodOfDay(period, day));
  return {
    newest: localTime(more.reduce((a, b) => (b.time.seconds > a.time.seconds ? b : a), first)),
    oldest: localTime(more.reduce((a, b) => (b.time.seconds < a.time.seconds ? b : a), first)),
    since: times.reduce((least, { seconds }) => Math.min(least, seconds), Infinity),
    numbers: new Map(
      [...counts]
        .filter(([, count]) => count !== Infinity)
        .map(([period, count]) => [period, newestOf(numbersOf(period), count + MAX_ZONE_HOURS)]),
    ),
    isPartial: snapshots.some(({ details }) => details === undefined),
  };
}

/** The evidence of the snapshots of both. */
export function joinedEvidence(
  a: Evidence | undefined,
  b: Evidence | undefined,
): Evidence | undefined {
  if (!a || !b) return a ?? b;
  return {
    newest: b.newest.seconds > a.newest.seconds ? b.newest : a.newest,
    oldest: b.oldest.seconds < a.oldest.seconds ? b.oldest : a.oldest,
    since: Math.min(a.since, b.since),
    numbers: new Map(
      Array.from(a.numbers, ([period, ofPeriod]) => [
        period,
        newestOf([...ofPeriod, ...(b.numbers.get(period) ?? [])], Infinity),
      ]),
    ),
    isPartial: a.isPartial || b.isPartial,
  };
}

function newestOf(numbers: Iterable<number>, limit: number): readonly number[] {
  return [...new Set(numbers)].toSorted((a, b) => b - a).slice(0, limit);
}
