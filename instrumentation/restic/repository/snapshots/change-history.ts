import type { Snapshot } from "../snapshot.ts";

/** What changed in a repository since its first complete collection. Never changes itself. Times are milliseconds since the epoch. */
export interface ChangeHistory {
  readonly repositoryId: string;
  readonly totals: ChangeTotals;
  readonly last: LastChanges;
  /** Newest first. Their names are kept, as a snapshot that is listed again was not removed. */
  readonly absences: readonly Absence[];
  /** `last` as it was before the oldest of the absences. */
  readonly earlier: LastChanges;
  /** undefined: `keys/` was not listed yet. */
  readonly keys: KnownKeys | undefined;
  /** Backup sets that lost their last snapshot, newest first. */
  readonly vanished: readonly VanishedSet[];
  /** The last 50, newest first. */
  readonly events: readonly ChangeEvent[];
  /** The setting `appendOnly`. */
  readonly appendOnly: boolean;
}

/** Numbers of snapshots, the first complete listing left out. */
export interface ChangeTotals {
  readonly added: number;
  readonly removed: number;
  /** Replaced by one with the same tree, as `restic tag` does. */
  readonly retagged: number;
  /** Replaced by one with another tree, as `restic rewrite` does. */
  readonly rewritten: number;
}

/** undefined: it never happened. */
export interface LastChanges {
  readonly removal:
    | {
        readonly at: number;
        readonly snapshots: number;
        /** Their share of the snapshots before, above 0 and up to 1. */
        readonly ratio: number;
      }
    | undefined;
  /** The newest snapshot of a group (host and paths) was removed. */
  readonly newestRemovalAt: number | undefined;
  readonly rewriteAt: number | undefined;
  /** Snapshots were removed or replaced while the setting was `appendOnly`. */
  readonly violatedAt: number | undefined;
}

/** The snapshots that one complete collection no longer found. Lists of names: 16 hex digits of each, without a separator. */
export interface Absence {
  readonly at: number;
  /** Snapshots before. */
  readonly known: number;
  readonly removed: string;
  /** Those of the removed that were the newest of their group. */
  readonly newest: string;
  readonly retagged: string;
  readonly rewritten: string;
  /** The setting was `appendOnly`. */
  readonly isViolation: boolean;
}

export interface KnownKeys {
  readonly count: number;
  /** Names in `keys/`, the first 1,000 in their order. */
  readonly names: readonly string[];
  readonly addedAt: number | undefined;
  readonly removedAt: number | undefined;
}

/** A host and user without a snapshot left. */
export interface VanishedSet {
  readonly at: number;
  readonly host: string;
  readonly user: string;
  /** Time of the newest snapshot that it had, Unix seconds. */
  readonly newest: number;
}

export const CHANGE_NAMES = [
  "newest_snapshot_removed",
  "backup_set_vanished",
  "snapshot_emptied",
  "key_removed",
  "key_added",
  "snapshot_rewritten",
  "snapshot_removed",
  "snapshots_returned",
  "snapshot_retagged",
] as const;

export type ChangeName = (typeof CHANGE_NAMES)[number];

/** One change, with its evidence. */
export interface ChangeEvent {
  /** When the agent saw it. */
  readonly at: number;
  readonly event: ChangeName;
  /** The snapshot or key; undefined: the event is about several. */
  readonly id?: string | undefined;
  readonly host?: string | undefined;
  readonly user?: string | undefined;
  /** Time of the snapshot, of several the newest, Unix seconds. */
  readonly time?: number | undefined;
  /** With commas, cut at 256 bytes. */
  readonly paths?: string | undefined;
  /** The snapshot that this one was made from. */
  readonly original?: string | undefined;
  /** The listed snapshot that replaces it. */
  readonly successor?: string | undefined;
  /** How many the event is about. */
  readonly snapshots?: number | undefined;
}

/** How a complete listing differs from the complete one before. */
export interface ListingChange {
  readonly repositoryId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** No complete listing of the repository is known from before: all snapshots are new to the agent, and none was added. */
  readonly isFirst: boolean;
  readonly added: readonly Snapshot[];
  /** Two listings lack them. */
  readonly removed: readonly Snapshot[];
  /** All that are listed now, by name. */
  readonly listed: ReadonlyMap<string, Snapshot>;
  /** All names in `keys/`, as listed last. */
  readonly keys: ReadonlySet<string> | undefined;
}

/** @param previous undefined: nothing is known from before */
export type JudgeChanges = (
  previous: ChangeHistory | undefined,
  change: ListingChange,
) => Promise<ChangeHistory>;
