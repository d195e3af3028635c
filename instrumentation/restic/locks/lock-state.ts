import type { LockHolder } from "./holders.ts";
import type { LockFile } from "./lock-file.ts";

/** A lock file that cannot be read. */
export interface UnreadableLock {
  /** Completes "the file …"; safe to print. */
  readonly reason: string;
  /** The content itself is wrong: reading it again is of no use. */
  readonly isFinal: boolean;
}

/** The lock files of a repository that were read, by name. */
export type LockFiles = ReadonlyMap<string, LockFile | UnreadableLock>;

/** The locks of a repository as of one look. Never changes. */
export interface LockLook {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly holders: readonly LockHolder[];
  /** Lock files that cannot be read, or are too many. */
  readonly unreadable: number;
  readonly files: LockFiles;
}

/** All that is known of the locks of a repository. */
export interface LockState {
  readonly repositoryId: string;
  /** When the last look began, monotonic milliseconds. */
  readonly triedAtMs: number;
  /** Why the last look failed; undefined: it did not. */
  readonly problem: string | undefined;
  /** The last one that did not fail; undefined: all did. */
  readonly look: LockLook | undefined;
}
