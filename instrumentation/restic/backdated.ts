import type { Snapshot } from "./repository/snapshot.ts";
import { secondsBetween } from "./repository/timestamp.ts";

/** How far the dates of the snapshots of a repository are believed. */
export interface Dating {
  /** A snapshot appears at most this long after its time, milliseconds. */
  readonly maxBackupMs: number;
  /** Old snapshots may appear: `restic copy` writes to the repository. */
  readonly receivesCopies: boolean;
}

export const DEFAULT_DATING: Dating = { maxBackupMs: 24 * 3_600_000, receivesCopies: false };

/** `backup --time` and `rewrite --new-time` change the time of a snapshot, but not the start of the backup in its summary. */
const MAX_SHIFT_SECONDS = 3600;

/**
 * The time of a snapshot is not that of its backup: the summary has another one, or the snapshot appeared too late. The fields are
 * the client's to forge, also `original`; when the agent first saw the file is not.
 */
export function isBackdated(
  { time, summary, firstSeen }: Snapshot,
  { maxBackupMs, receivesCopies }: Dating,
): boolean {
  const start = summary?.backupStart;
  if (start && Math.abs(secondsBetween(start, time)) > MAX_SHIFT_SECONDS) return true;
  return (
    !receivesCopies &&
    firstSeen !== undefined &&
    firstSeen.missingAt - time.seconds * 1000 > maxBackupMs
  );
}
