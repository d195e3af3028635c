import type { FolderLook, InventoryCounts } from "./inventory.ts";
import type { PackTable } from "./pack-table.ts";
import type { Slice } from "./slice.ts";

const FOLDERS = 256;

interface Seen {
  readonly slice: Slice;
  /** All packs of the slice. */
  readonly listed: PackTable;
  readonly missing: PackTable;
  readonly damaged: PackTable;
}

/** The folders of a slice, by the first byte of the ids. */
export function folderLooks({
  slice,
  listed,
  missing,
  damaged,
}: Seen): ReadonlyMap<number, FolderLook> {
  const [packs, bytes] = perFolder(listed);
  const [missingPacks, missingBytes] = perFolder(missing);
  const [damagedPacks] = perFolder(damaged);
  const looks = new Map<number, FolderLook>();
  for (let folder = 0; folder < FOLDERS; folder++)
    if (slice.has(folder))
      looks.set(folder, {
        packs: packs[folder] ?? 0,
        storedBytes: bytes[folder] ?? 0,
        missing: missingPacks[folder] ?? 0,
        missingBytes: missingBytes[folder] ?? 0,
        damaged: damagedPacks[folder] ?? 0,
      });
  return looks;
}

/** Numbers and bytes of the packs of each folder. */
function perFolder(table: PackTable): readonly [packs: Float64Array, bytes: Float64Array] {
  const packs = new Float64Array(FOLDERS);
  const bytes = new Float64Array(FOLDERS);
  for (const row of table.rows()) {
    const folder = table.folder(row);
    packs[folder] = (packs[folder] ?? 0) + 1;
    bytes[folder] = (bytes[folder] ?? 0) + table.size(row);
  }
  return [packs, bytes];
}

/** Sums over all folders; those of packs that are there only if each folder was looked at. */
export function folderCounts(looks: ReadonlyMap<number, FolderLook>): InventoryCounts {
  const all = [...looks.values()];
  const sum = (valueOf: (look: FolderLook) => number): number =>
    all.reduce((total, look) => total + valueOf(look), 0);
  return {
    ...(looks.size === FOLDERS && {
      packs: sum(({ packs }) => packs),
      storedBytes: sum(({ storedBytes }) => storedBytes),
    }),
    missingPacks: sum(({ missing }) => missing),
    missingBytes: sum(({ missingBytes }) => missingBytes),
    damagedPacks: sum(({ damaged }) => damaged),
  };
}
