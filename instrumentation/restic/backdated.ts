import type { Snapshot } from "./repository/snapshot.ts";

/** How far the dates of the snapshots of a repository are believed. */
export interface Dating {
  /** A snapshot appears at most this long after its time, milliseconds. */
  readonly maxBackupMs: number;
  /** Old snapshots may appear: `restic copy` writes to the repository. */
  readonly receivesCopies: boolean;
  /** Default: no client may choose a time. */
  readonly allowsTime?: AllowsTime | undefined;
}

/**
 * The snapshots of a host, as it is shown, and a user whose time the client may choose, as with `backup --time`; undefined: none.
 * Another function after each change of the settings.
 */
export type AllowsTime = (
  host: string,
  user: string,
) => ((snapshot: Snapshot) => boolean) | undefined;

export const DEFAULT_DATING: Dating = { maxBackupMs: 24 * 3_600_000, receivesCopies: false };

/** `backup --time` and `rewrite --new-time` change the time of a snapshot, but not the start of the backup in its summary. */
const MAX_SHIFT_SECONDS = 3600;

/**
 * The time of a snapshot is not that of its backup: the summary has another one, or the snapshot appeared too late. The fields are
 * the client's to forge, also `original`; when the agent first saw the file is not.
 * @param isTimeAllowed the client may choose the time: the start of the backup counts instead of it
 */
export function isBackdated(
  { time, summary, firstSeen }: Snapshot,
  { maxBackupMs, receivesCopies }: Omit<Dating, "allowsTime">,
  isTimeAllowed = false,
): boolean {
  const start = summary?.backupStart;
  const isShifted = start !== undefined && Math.abs(time.seconds - start) > MAX_SHIFT_SECONDS;
  if (isShifted && !isTimeAllowed) return true;
  // Before restic 0.17 nothing but the time tells the start.
  const begun = isTimeAllowed ? start : time.seconds;
  return (
    !receivesCopies &&
    begun !== undefined &&
    firstSeen !== undefined &&
    firstSeen.missingAt - begun * 1000 > maxBackupMs
  );
}
