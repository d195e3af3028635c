import type { Labels } from "../core/source.ts";
import type { BackendCost } from "../backends/context.ts";
import type { AllowsTime, Dating } from "./backdated.ts";
import type { LockState } from "./locks/lock-state.ts";
import type { ConfigFile } from "./repository/config-file.ts";
import type { Snapshot } from "./repository/snapshot.ts";
import type { ChangeHistory } from "./repository/snapshots/change-history.ts";

export type { AllowsTime, ChangeHistory, Snapshot };

/** The snapshots of one user on one host in one repository. */
export interface BackupSet {
  /** `url`, `host`, `user`. The same object as long as the set exists. */
  readonly labels: Labels;
  readonly snapshots: number;
  readonly newest: Snapshot;
  readonly oldest: Snapshot;
  /** The last 31 days with a snapshot, newest first, as days since the epoch (UTC). */
  readonly days: readonly number[];
  /** Snapshots whose time is not that of their backup, unless the settings allow it. */
  readonly backdated: ReadonlySet<Snapshot>;
  /** When the last of these appeared, milliseconds since the epoch; undefined: none did since the first complete listing. */
  readonly lastBackdatedAt: number | undefined;
  /** Up to five before the newest with the same paths, newest first. Backdated ones and those dated in the future are left out. */
  readonly recent: readonly Snapshot[];
  /** All snapshots, in no order. */
  readonly members: readonly Snapshot[];
}

/** The result of the last complete collection. */
export interface RepositoryContent {
  readonly config: ConfigFile;
  readonly sets: readonly BackupSet[];
  /** How the sets were made. */
  readonly dating?: Dating | undefined;
  /** Number of snapshot files, readable or not. */
  readonly snapshots: number;
  readonly unreadable: number;
  /** Unreadable files that may be sound: the server did not hand them out. */
  readonly refused: number;
  /** What changed since the first complete collection. */
  readonly changes?: ChangeHistory | undefined;
}

/** Requests of the agent to a repository since it started. */
export interface RepositoryCost extends BackendCost {
  keyDerivations: number;
}

export interface RepositoryState {
  /** undefined: no collection was complete yet. */
  readonly content: RepositoryContent | undefined;
  readonly cost: RepositoryCost;
  /** Requests of the last collection. */
  readonly lastRequests: number;
  /** undefined: the setting `locks` is off, or no repository was opened yet. */
  readonly locks?: LockState | undefined;
}

const SECONDS_PER_DAY = 86_400;

/**
 * Whole days from a snapshot to now, truncated towards zero; negative for a snapshot that is dated in the future.
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
  // Truncation towards zero: a negative age changes just after the end of its day, and the age is 0 from -1 to 1.
  if (elapsedDays <= -1)
    return (snapshot.time.seconds + Math.ceil(elapsedDays) * SECONDS_PER_DAY) * 1000 + 1;
  return (
    (snapshot.time.seconds + Math.max(Math.floor(elapsedDays) + 1, 1) * SECONDS_PER_DAY) * 1000
  );
}
