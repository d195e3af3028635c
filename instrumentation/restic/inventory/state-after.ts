import type { Snapshot } from "../repository/snapshot.ts";
import type { PackListing, Sums } from "./census.ts";
import { folderCounts, folderLooks } from "./folder-looks.ts";
import type { Inventory, InventoryCounts, InventoryState, Stray } from "./inventory.ts";
import type { IndexReading } from "./index-reading.ts";
import type { PackTable } from "./pack-table.ts";
import type { Slice } from "./slice.ts";
import { seenSnapshots, snapshotSums } from "./snapshot-sums.ts";

/** Ids of each kind that are kept, to be shown. */
const MAX_NAMED = 100;

/** What an inventory saw. */
export interface Sight {
  readonly snapshots: readonly Snapshot[];
  readonly slice: Slice;
  /** The slice of the next inventory. */
  readonly nextSlice: number;
  readonly listing: PackListing;
  /** Missing and damaged packs of the slice, as a second look confirms, with their size by the index. */
  readonly missing: PackTable;
  readonly damaged: PackTable;
  readonly sums: Sums;
  readonly index: Pick<IndexReading, "isWhole" | "listed" | "unread" | "unreadable">;
  /** Packs of the slice that are in no index file; undefined: not all index files were read. */
  readonly strays: ReadonlyMap<string, Stray> | undefined;
  /** undefined: not all index files were read. */
  readonly roots: MissingRoots | undefined;
}

/** Snapshots whose root tree is in no index file. */
export interface MissingRoots {
  /** When each was first seen to be so, milliseconds since the epoch, by the id of the snapshot. */
  readonly suspects: ReadonlyMap<string, number>;
  /** Those that a second look confirms. */
  readonly confirmed: readonly string[];
}

/** The state after an inventory: what it saw, and what is known of packs outside of its slice. */
export function stateAfter(
  sight: Sight,
  previous: InventoryState | undefined,
  timing: Pick<Inventory, "at" | "durationSeconds">,
): InventoryState {
  const { snapshots, slice, nextSlice, listing, missing, damaged, sums, index, roots } = sight;
  const before = previous?.inventory;
  const isElsewhere = (id: string): boolean => !slice.has(Number.parseInt(id.slice(0, 2), 16));
  const looks = folderLooks({ slice, listed: listing.table, missing, damaged });
  const folders = new Map([...(previous?.folders ?? []), ...looks]);
  const strays = new Map(
    [...(previous?.strays ?? [])].filter(([id]) => !sight.strays || isElsewhere(id)),
  );
  for (const [id, stray] of sight.strays ?? []) strays.set(id, stray);
  const orphans = confirmedIn(strays, false);
  const lost = confirmedIn(strays, true);
  const unrestorable = roots?.confirmed ?? stillThere(before?.unrestorable ?? [], snapshots);
  const seen = seenSnapshots(snapshots, previous?.seen);
  const counts: InventoryCounts = {
    ...folderCounts(folders),
    ...(index.isWhole && {
      ...sumCounts(sums),
      ...snapshotSums(snapshots, seen, sums),
      orphanPacks: orphans.length,
      orphanBytes: orphans.reduce((sum, [, { size }]) => sum + size, 0),
      lostPacks: lost.length,
    }),
    ...((roots || before?.counts.unrestorableSnapshots !== undefined) && {
      unrestorableSnapshots: unrestorable.length,
    }),
    indexFiles: index.listed.size,
    unreadIndexFiles: index.unread,
    unreadableIndexFiles: index.unreadable.length,
  };
  const named = (table: PackTable, others: readonly string[] = []): readonly string[] =>
    [...table.ids(MAX_NAMED), ...others.filter(isElsewhere)].slice(0, MAX_NAMED);
  return {
    inventory: {
      ...timing,
      counts,
      missing: named(missing, before?.missing),
      damaged: named(damaged, before?.damaged),
      orphans: orphans.slice(0, MAX_NAMED).map(([id]) => id),
      lost: lost.slice(0, MAX_NAMED).map(([id]) => id),
      unreadable: index.unreadable.slice(0, MAX_NAMED),
      unrestorable,
    },
    folders,
    nextSlice,
    strays,
    suspects: roots?.suspects ?? previous?.suspects ?? new Map(),
    seen,
  };
}

function confirmedIn(
  strays: ReadonlyMap<string, Stray>,
  isLost: boolean,
): readonly (readonly [id: string, stray: Stray])[] {
  return [...strays].filter(
    ([, { isConfirmed, wasIndexed }]) => isConfirmed && wasIndexed === isLost,
  );
}

function stillThere(ids: readonly string[], snapshots: readonly Snapshot[]): readonly string[] {
  const living = new Set(snapshots.map(({ id }) => id));
  return ids.filter((id) => living.has(id));
}

function sumCounts({ isExact, duplicateBytes, uncompressedBytes, ...sums }: Sums): InventoryCounts {
  return { ...sums, ...(isExact && { duplicateBytes, uncompressedBytes }) };
}
