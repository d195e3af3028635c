import type { Labels } from "../core/source.ts";
import type { BackendCost } from "../backends/context.ts";
import type { RepositoryConfig } from "./repository/config.ts";
import type { Snapshot } from "./repository/snapshot.ts";

/** The snapshots of one user on one host in one repository. */
export interface BackupSet {
  /** `url`, `host`, `user`; the same object as long as the set exists. */
  readonly labels: Labels;
  readonly snapshots: number;
  readonly newest: Snapshot;
  readonly oldest: Snapshot;
  /** Days since the epoch (UTC) on which a snapshot was made: the last 31 of them, newest first. */
  readonly days: readonly number[];
}

/** What the last complete collection found. */
export interface RepositoryContent {
  readonly config: RepositoryConfig;
  readonly sets: readonly BackupSet[];
  /** All snapshots, readable or not. */
  readonly snapshots: number;
  readonly unreadable: number;
}

/** What the agent itself has cost a repository since it started. */
export interface RepositoryCost extends BackendCost {
  keyDerivations: number;
}

export interface RepositoryState {
  /** Undefined until a collection was complete. */
  readonly content: RepositoryContent | undefined;
  /** Since the start. */
  readonly cost: RepositoryCost;
  /** Of the last collection alone. */
  readonly lastRequests: number;
}

const SECONDS_PER_DAY = 86_400;

/**
 * Whole days from a snapshot to now, truncated towards zero; negative for one that is dated in the future.
 * @param now milliseconds since the epoch
 */
export function ageDays(snapshot: Snapshot, now: number): number {
  return Math.trunc((now / 1000 - snapshot.time.seconds) / SECONDS_PER_DAY) || 0;
}

/**
 * When the age of a snapshot in whole days changes next, milliseconds since the epoch.
 * @param now milliseconds since the epoch
 */
export function nextAgeChange(snapshot: Snapshot, now: number): number {
  const elapsedDays = (now / 1000 - snapshot.time.seconds) / SECONDS_PER_DAY;
  // Truncation towards zero: a negative age holds to the very end of its day, and between -1 and 1 the age is 0.
  if (elapsedDays <= -1)
    return (snapshot.time.seconds + Math.ceil(elapsedDays) * SECONDS_PER_DAY) * 1000 + 1;
  return (
    (snapshot.time.seconds + Math.max(Math.floor(elapsedDays) + 1, 1) * SECONDS_PER_DAY) * 1000
  );
}
