import type { Snapshot } from "../repository/snapshot.ts";
import type { Sums } from "./census.ts";
import type { InventoryCounts } from "./inventory.ts";

/** Digits of ids of snapshots that are kept from one inventory to the next. */
const DIGITS = 16;

/** Snapshots that were in the repository once: the living ones, and those that they replaced, if these were seen here. */
export function seenSnapshots(
  snapshots: readonly Snapshot[],
  before: ReadonlySet<string> = new Set(),
): ReadonlySet<string> {
  const seen = new Set(snapshots.map(({ id }) => id.slice(0, DIGITS)));
  for (const { details } of snapshots) {
    const original = details?.original?.slice(0, DIGITS);
    if (original !== undefined && before.has(original)) seen.add(original);
  }
  return seen;
}

/**
 * Sums over living snapshots. A snapshot that was copied from another repository tells how much it added there.
 * @param seen as `seenSnapshots` returns them
 */
export function snapshotSums(
  snapshots: readonly Snapshot[],
  seen: ReadonlySet<string>,
  { indexedBytes }: Sums,
): Pick<InventoryCounts, "logicalBytes" | "prunableBytes"> {
  const logicalBytes = sumOf(snapshots, ({ summary }) => summary?.processedBytes);
  const isOwn = ({ details }: Snapshot): boolean =>
    details !== undefined &&
    (details.original === undefined || seen.has(details.original.slice(0, DIGITS)));
  const added = snapshots.every(isOwn)
    ? sumOf(snapshots, ({ summary }) => summary?.addedStoredBytes)
    : undefined;
  return {
    ...(logicalBytes !== undefined && { logicalBytes }),
    ...(added !== undefined && { prunableBytes: Math.max(indexedBytes - added, 0) }),
  };
}

/** undefined: a snapshot does not tell its value. */
function sumOf(
  snapshots: readonly Snapshot[],
  valueOf: (snapshot: Snapshot) => number | undefined,
): number | undefined {
  const sum = snapshots.reduce((total, snapshot) => total + (valueOf(snapshot) ?? NaN), 0);
  return Number.isNaN(sum) ? undefined : sum;
}
