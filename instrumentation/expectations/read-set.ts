import type { BackupSet } from "../restic/state.ts";
import type { Expectation, Retired } from "../settings/expectations/expectations.ts";
import { MAX_AHEAD_SECONDS } from "./finding.ts";
import { hitsOf, isRetired } from "./hit.ts";
import type { Hits } from "./hit.ts";

/** A backup set, and which expectations are about it. */
export interface ReadSet {
  readonly hits: Hits;
  /** An expectation covers it, or it is retired. */
  readonly isJudged: boolean;
  /** Ids of the snapshots of its repository that could not be restored. */
  readonly unrestorable: ReadonlySet<string>;
  /** When a snapshot that is dated in the future counts, milliseconds since the epoch. */
  readonly until: number;
}

/** The moment of which sets are read. */
export interface Moment {
  /** Ids of the snapshots of the repository that cannot be restored. */
  readonly unrestorable: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export function readSet(
  set: BackupSet,
  about: readonly Expectation[],
  retired: readonly Retired[],
  { unrestorable, now }: Moment,
): ReadSet {
  const isOld = isRetired(set, retired);
  const hits = hitsOf(set, about, isOld, unrestorable, now);
  const futures = hits.map(([, { finding }]) => finding.future - MAX_AHEAD_SECONDS);
  const until = Math.min(...futures) * 1000;
  return { hits, isJudged: isOld || isCovered(hits), unrestorable, until };
}

/** `read`, if it still holds for the set; else undefined. */
export function ifValid(
  read: ReadSet | undefined,
  set: BackupSet,
  { unrestorable, now }: Moment,
): ReadSet | undefined {
  if (!read || now >= read.until) return undefined;
  const then = read.unrestorable;
  if (then === unrestorable) return read;
  return set.members.some(({ id }) => then.has(id) !== unrestorable.has(id)) ? undefined : read;
}

/** An expectation covers a set if it is about one of its snapshots. */
export function isCovered(hits: Hits): boolean {
  return hits.some(([, { userBy, finding }]) => userBy !== undefined && finding.matching > 0);
}
