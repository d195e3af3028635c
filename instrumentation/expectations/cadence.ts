const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const MAX_SNAPSHOTS = 30;
/** How much later than after its largest gap a backup may come. */
const MARGIN = 1.25;
/** A history that is shorter says nothing of the time between two backups, seconds. */
const MIN_SPAN = DAY;
/** The gaps of one working week contain a weekend, seconds. */
const WEEK_SPAN = 5 * DAY;

/** For hosts without a rhythm: a weekly backup has a day to come late. */
const GUESSED_SECONDS = 8 * DAY;

/** How often snapshots were made. */
export interface Cadence {
  /** The largest gap that counts, seconds; undefined: too few snapshots, the age is a guess. */
  readonly gapSeconds: number | undefined;
  readonly maxAgeSeconds: number;
}

/**
 * The age at which the next snapshot is late: the largest gap seen at least twice in the newest 30 snapshots, with a margin. A gap that is
 * at least as large counts as another sight of it, since no two gaps are equal to the second.
 * @param times Unix seconds, newest first, no time twice
 */
export function cadenceOf(times: readonly number[]): Cadence {
  const newest = times[0] ?? 0;
  if (times.length < 3 || newest - (times.at(-1) ?? 0) < MIN_SPAN)
    return { gapSeconds: undefined, maxAgeSeconds: GUESSED_SECONDS };
  const gaps = times.slice(1, MAX_SNAPSHOTS).map((time, index) => (times[index] ?? 0) - time);
  const end = thinnedFrom(gaps);
  const [largest = 0, second = 0] = gaps.slice(0, end).toSorted((a, b) => b - a);
  // All gaps beyond the end are larger: the largest one before it was seen at least twice.
  const gapSeconds = end < gaps.length ? largest : second;
  return { gapSeconds, maxAgeSeconds: roundedUp(gapSeconds * MARGIN) };
}

/**
 * The number of gaps that backups left. `forget` keeps fewer snapshots the older they are: from there on every gap is more than twice as
 * large as all newer ones, which at least cover a working week.
 * @param gaps newest first
 */
function thinnedFrom(gaps: readonly number[]): number {
  const leastFrom = [...gaps];
  for (let at = gaps.length - 2; at >= 0; at--)
    leastFrom[at] = Math.min(gaps[at] ?? 0, leastFrom[at + 1] ?? 0);
  let span = 0;
  let largest = 0;
  for (const [at, gap] of gaps.entries()) {
    if (span >= WEEK_SPAN && (leastFrom[at] ?? 0) > 2 * largest) return at;
    span += gap;
    largest = Math.max(largest, gap);
  }
  return gaps.length;
}

/** Backups do not start to the second: hosts of one rhythm get one age. */
function roundedUp(seconds: number): number {
  const step = seconds < 6 * HOUR ? 5 * MINUTE : seconds < 4 * DAY ? HOUR : DAY;
  return Math.max(step, Math.ceil(seconds / step) * step);
}
