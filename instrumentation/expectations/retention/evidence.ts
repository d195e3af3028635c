import type { Snapshot } from "../../restic/state.ts";
import type { Period, Retention } from "../../settings/expectations/retention.ts";
import { localTime, periodOf } from "./calendar.ts";
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
  const times = snapshots.map(localTime);
  const [first, ...more] = times;
  if (!first) return undefined;
  const goodTimes = good.map(localTime);
  return {
    newest: more.reduce((a, b) => (b.seconds > a.seconds ? b : a), first),
    oldest: more.reduce((a, b) => (b.seconds < a.seconds ? b : a), first),
    since: goodTimes.reduce((least, { seconds }) => Math.min(least, seconds), Infinity),
    numbers: new Map(
      [...counts]
        .filter(([, count]) => count !== Infinity)
        .map(([period, count]) => [
          period,
          newestOf(
            goodTimes.map((time) => periodOf(period, time)),
            count + MAX_ZONE_HOURS,
          ),
        ]),
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

function newestOf(numbers: readonly number[], limit: number): readonly number[] {
  return [...new Set(numbers)].toSorted((a, b) => b - a).slice(0, limit);
}
