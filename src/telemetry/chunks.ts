import type { BoundTable, TableEntries } from "restic-otel-instrumentation/internal";

/** Entries in one chunk. 128 backup sets are about 1,200 series, which the SDK collects and the serializer writes in 8 ms. */
export const CHUNK_ENTRIES = 128;

/** The same table with these entries alone. */
export function chunkOf(table: BoundTable, entries: TableEntries): BoundTable {
  return { ...table, entries: () => entries };
}
