import type { Backend } from "../../backends/backend.ts";
import { listFiles, listIds } from "../repository/listing.ts";
import type { Census } from "./census.ts";
import { PackListing, rowsOf } from "./census.ts";
import type { IndexReading } from "./index-reading.ts";
import { MARK, PackTable } from "./pack-table.ts";
import { folderName } from "./slice.ts";
import type { Slice } from "./slice.ts";

/** Folders that are listed on their own; for more of them all of the slice is listed again. */
const MAX_FOLDERS = 16;

export interface FirstLook {
  readonly backend: Backend;
  readonly index: IndexReading;
  /** Ids of the index files that were listed before the packs. */
  readonly first: ReadonlySet<string>;
  readonly slice: Slice;
  readonly census: Census;
}

/**
 * Lists the folders of missing and damaged packs again, then the index: packs count that are still missing or damaged, and still in an
 * index file that was there all the while.
 * @throws AgentError
 */
export async function lookAgain(
  { backend, index, first, slice, census }: FirstLook,
  signal: AbortSignal,
): Promise<{ readonly missing: PackTable; readonly damaged: PackTable }> {
  const { missing } = census;
  const damaged = census.damaged();
  if (missing.count + damaged.count === 0) return { missing, damaged };
  const listing = new PackListing(0, (bytes) =>
    [missing, damaged].some((table) => table.find(bytes, 0) !== undefined),
  );
  const found = listing.add.bind(listing);
  for (const prefix of prefixesOf([missing, damaged], slice, backend.slices === true))
    await listFiles(backend, "data", { sizes: true, prefix, found, onPart: found }, signal);
  listing.checkSizes(backend.location);
  const listed = await listIds(backend, "index", signal);
  const stable = [...index.listed].filter((id) => first.has(id));
  const isUnchanged = stable.every((id) => listed.has(id));
  const suspects = [missing, damaged];
  if (!isUnchanged)
    for await (const record of index.records(false))
      if (first.has(record.id) && listed.has(record.id))
        for (const table of suspects)
          for (const row of rowsOf(record, table)) table.mark(row, MARK.stable);
  const isIndexed = (table: PackTable, row: number): boolean =>
    isUnchanged || table.is(row, MARK.stable);
  return {
    missing: missing.filter(
      (row) => isIndexed(missing, row) && listing.sizeOf(missing, row) === undefined,
    ),
    damaged: damaged.filter((row) => {
      const size = listing.sizeOf(damaged, row);
      return isIndexed(damaged, row) && size !== undefined && size !== damaged.size(row);
    }),
  };
}

/** One undefined: all packs. */
function prefixesOf(
  tables: readonly PackTable[],
  { prefixes }: Slice,
  slices: boolean,
): readonly (string | undefined)[] {
  const folders = new Set<number>();
  for (const table of tables) for (const row of table.rows()) folders.add(table.folder(row));
  if (slices && folders.size <= MAX_FOLDERS) return [...folders].map(folderName);
  return prefixes.length > 0 ? prefixes : [undefined];
}
