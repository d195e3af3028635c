import type { Labels } from "../core/source.ts";
import type { BackendCost } from "./backend/counted.ts";
import { compareInstants } from "./repository/instant.ts";
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

/** An empty user name is shown under this; a user of that very name falls into the same set. */
const UNKNOWN_USER = "UNKNOWN";

/** Groups snapshots into backup sets, sorted by host and user. Of two of the same time the one with the higher id is newest. */
export function backupSets(url: string, snapshots: Iterable<Snapshot>): readonly BackupSet[] {
  const hosts = new Map<string, Map<string, Snapshot[]>>();
  for (const snapshot of snapshots) {
    const users = hosts.get(snapshot.hostname) ?? new Map<string, Snapshot[]>();
    hosts.set(snapshot.hostname, users);
    const user = snapshot.username || UNKNOWN_USER;
    const set = users.get(user);
    if (set) set.push(snapshot);
    else users.set(user, [snapshot]);
  }
  return [...hosts].toSorted(byName).flatMap(([host, users]) =>
    [...users].toSorted(byName).map(([user, members]) => {
      const labels = Object.freeze({ url, host, user });
      return {
        labels,
        snapshots: members.length,
        newest: members.reduce(newer),
        oldest: members.reduce((a, b) => (newer(a, b) === a ? b : a)),
        days: lastDays(members),
      };
    }),
  );
}

const DAYS = 31;

function lastDays(members: readonly Snapshot[]): readonly number[] {
  const days = new Set(members.map(({ time }) => Math.floor(time.seconds / SECONDS_PER_DAY)));
  return [...days].toSorted((a, b) => b - a).slice(0, DAYS);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : Number(a > b);
}

function newer(a: Snapshot, b: Snapshot): Snapshot {
  const difference =
    compareInstants(a.time, b.time) || byName([a.id, undefined], [b.id, undefined]);
  return difference >= 0 ? a : b;
}
