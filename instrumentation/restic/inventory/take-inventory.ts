import { setImmediate as nextTurn } from "node:timers/promises";

import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import type { Backend } from "../../backends/backend.ts";
import type { Key } from "../crypto/key.ts";
import type { OpenView } from "../repository/open-view.ts";
import { loadConfig, opensConfig } from "../repository/config.ts";
import { listFiles, listIds } from "../repository/listing.ts";
import type { Snapshot } from "../repository/snapshot.ts";
import { Census, PackListing, rowsOf } from "./census.ts";
import type { InventoryState, Stray } from "./inventory.ts";
import { IndexReading } from "./index-reading.ts";
import type { KeptIndex } from "./kept-index.ts";
import { MARK } from "./pack-table.ts";
import type { PackTable } from "./pack-table.ts";
import { lookAgain } from "./second-look.ts";
import { sliceOf } from "./slice.ts";
import type { Slice } from "./slice.ts";
import { stateAfter } from "./state-after.ts";
import type { MissingRoots } from "./state-after.ts";
import { confirmed, isDue, straysIn } from "./strays.ts";

export type { OpenView };

export interface InventoryLimits {
  /** Bytes of index files that one inventory may receive. */
  readonly maxIndexBytes: number;
  /** One inventory lists one of so many parts of `data/`, 1 to 256. */
  readonly slices: number;
  /** Blobs up to which each is counted once. */
  readonly exactBlobs: number;
}

/** What is known before an inventory. */
export interface Before {
  /** The snapshots of the last collection. */
  readonly snapshots: readonly Snapshot[];
  /** The index files that were read. */
  readonly kept: KeptIndex;
  /** The state after the last inventory. */
  readonly previous: InventoryState | undefined;
}

/** The parts of an inventory. */
interface Parts extends OpenView {
  /** The snapshots of the last collection. */
  readonly snapshots: readonly Snapshot[];
  readonly index: IndexReading;
  /** Ids of the index files that were listed before the packs. */
  readonly first: ReadonlySet<string>;
  readonly slice: Slice;
  readonly listing: PackListing;
  readonly exactBlobs: number;
  readonly previous: InventoryState | undefined;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/**
 * Compares the index of a repository with the packs that are there: LIST index, GET new index files, LIST data, LIST index again. Takes no
 * lock. A missing or damaged pack and an unrestorable snapshot count if a second look agrees.
 * @throws AgentError; what was read of the index is kept
 */
export async function takeInventory(
  view: OpenView,
  { kept, previous, snapshots }: Before,
  { maxIndexBytes, slices, exactBlobs }: InventoryLimits,
  clock: Clock,
  signal: AbortSignal,
): Promise<InventoryState> {
  const [startedAt, startedMs] = [clock.now(), clock.monotonicMs()];
  const { backend, master } = view;
  const index = new IndexReading({ backend, master, kept, maxIndexBytes, exactBlobs, startedAt });
  await index.begin();
  const first = await index.update(signal);
  const sliceCount = backend.slices === true ? slices : 1;
  const sliceIndex = (previous?.nextSlice ?? 0) % sliceCount;
  const slice = sliceOf(sliceIndex, sliceCount);
  const packs = index.heads.reduce((sum, head) => sum + head.packs, 0);
  const listing = await listPacks(backend, slice.prefixes, new PackListing(packs), signal);
  await index.update(signal);
  await index.confirmGone(signal);
  const parts = {
    ...view,
    snapshots,
    index,
    first,
    slice,
    listing,
    exactBlobs,
    previous,
    startedAt,
  };
  const census = await count(parts, signal);
  const { missing, damaged } = await lookAgain({ backend, index, first, slice, census }, signal);
  const strays = index.isWhole ? await straysOf(parts, signal) : undefined;
  const roots = index.isWhole ? await missingRoots(parts, census, signal) : undefined;
  const isBad = missing.count > 0 || damaged.count > 0 || (roots && roots.confirmed.length > 0);
  if (isBad) await checkPlace(backend, master, signal);
  const { sums } = census;
  const nextSlice = (sliceIndex + 1) % sliceCount;
  const state = stateAfter(
    { snapshots, slice, nextSlice, listing, missing, damaged, sums, index, strays, roots },
    previous,
    { at: clock.now(), durationSeconds: (clock.monotonicMs() - startedMs) / 1000 },
  );
  await index.end();
  return state;
}

/** Compares the listed index files with the listed packs. */
async function count(
  { snapshots, index, first, slice, listing, exactBlobs }: Parts,
  signal: AbortSignal,
): Promise<Census> {
  const census = new Census({
    listing,
    isListed: slice.has,
    heads: index.heads,
    roots: snapshots.flatMap(({ details }) => details?.tree ?? []),
    exactBlobs,
  });
  let records = 0;
  for await (const record of index.records(false)) {
    records += 1;
    for (const _ of census.take(record, first.has(record.id))) {
      await nextTurn();
      signal.throwIfAborted();
    }
    await nextTurn();
  }
  // Packs of an index file that is left out would be called orphans.
  if (records !== index.heads.length)
    throw new AgentError("other", "the kept index changed during an inventory");
  return census;
}

/** @param prefixes empty: all packs @throws AgentError `config` if the server does not tell sizes */
async function listPacks(
  backend: Backend,
  prefixes: readonly string[],
  listing: PackListing,
  signal: AbortSignal,
): Promise<PackListing> {
  const found = listing.add.bind(listing);
  for (const prefix of prefixes.length > 0 ? prefixes : [undefined])
    await listFiles(backend, "data", { sizes: true, prefix, found, onPart: found }, signal);
  listing.checkSizes(backend.location);
  return listing;
}

/** Packs that are in no index file. Lists locks only if one of the packs may be counted now. */
async function straysOf(
  { backend, index, listing, previous, startedAt }: Parts,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Stray>> {
  const found = straysIn(listing.table, previous?.strays ?? new Map(), startedAt);
  if (found.size === 0) return found;
  const needsLocks = [...found.values()].some((stray) => isDue(stray, startedAt));
  const hasLock = needsLocks && (await listIds(backend, "locks", signal)).size > 0;
  return confirmed(found, await indexedBefore(index, listing.table), hasLock, startedAt);
}

/** Packs that are only in index files which are no longer listed. */
async function indexedBefore(
  index: IndexReading,
  listing: PackTable,
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  if (!index.hasGone) return ids;
  for await (const record of index.records(true)) {
    await nextTurn();
    for (const row of rowsOf(record, listing))
      if (!listing.is(row, MARK.indexed)) ids.add(listing.id(row));
  }
  return ids;
}

/** Reads the index files again that an earlier inventory read, and the listing of snapshots, before a snapshot counts. */
async function missingRoots(
  parts: Parts,
  census: Census,
  signal: AbortSignal,
): Promise<MissingRoots> {
  const first = suspectsIn(parts, census);
  if (first.size === 0) return { suspects: first, confirmed: [] };
  const isFresh = await parts.index.refresh(Math.min(...first.values()), signal);
  const again = suspectsIn(parts, await count(parts, signal));
  // A snapshot may have been forgotten since the last collection.
  const listed = await listIds(parts.backend, "snapshots", signal);
  const suspects = new Map([...again].filter(([id]) => listed.has(id)));
  const known = parts.previous?.inventory.unrestorable ?? [];
  return {
    suspects,
    confirmed: isFresh ? [...suspects.keys()] : known.filter((id) => suspects.has(id)),
  };
}

function suspectsIn(
  { snapshots, previous, startedAt }: Parts,
  census: Census,
): ReadonlyMap<string, number> {
  const isMissing = ({ details }: Snapshot): boolean =>
    details?.tree !== undefined && !census.hasTree(details.tree);
  return new Map(
    snapshots
      .filter(isMissing)
      // The clock may have been ahead.
      .map(({ id }) => [id, Math.min(previous?.suspects.get(id) ?? startedAt, startedAt)] as const),
  );
}

/** An unmounted disk or a wrong prefix is more likely than that packs were deleted: config must be there. */
async function checkPlace(backend: Backend, master: Key, signal: AbortSignal): Promise<void> {
  if (!opensConfig(await loadConfig(backend, signal), master))
    throw new AgentError("not_found", "the repository was replaced by another one");
}
