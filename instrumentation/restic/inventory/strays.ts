import type { Stray } from "./inventory.ts";
import { MARK } from "./pack-table.ts";
import type { PackTable } from "./pack-table.ts";

/** A pack without an index file counts when it is seen again after this time: a backup uploads packs minutes before their index. */
const CONFIRM_MS = 3_600_000;

/** Further ones are not tracked: about 200 bytes of memory each. */
const MAX_STRAYS = 50_000;

/** Packs of a listing that are in no index file. */
export function straysIn(
  listing: PackTable,
  previous: ReadonlyMap<string, Stray>,
  now: number,
): Map<string, Stray> {
  const found = new Map<string, Stray>();
  for (const row of listing.rows()) {
    if (listing.is(row, MARK.indexed)) continue;
    if (found.size === MAX_STRAYS) break;
    const id = listing.id(row);
    const size = listing.size(row);
    const known = previous.get(id);
    const { since = now, wasIndexed = false, isConfirmed = false } = known ?? {};
    // The clock may have been ahead.
    found.set(id, { size, since: Math.min(since, now), wasIndexed, isConfirmed });
  }
  return found;
}

/** It was seen long enough ago to be counted, if no lock is there. */
export function isDue({ since, isConfirmed }: Stray, now: number): boolean {
  return !isConfirmed && now - since >= CONFIRM_MS;
}

/** @param wasIndexed ids of packs that were in an index file that is gone */
export function confirmed(
  strays: ReadonlyMap<string, Stray>,
  wasIndexed: ReadonlySet<string>,
  hasLock: boolean,
  now: number,
): Map<string, Stray> {
  return new Map(
    [...strays].map(([id, stray]) => [
      id,
      {
        ...stray,
        wasIndexed: stray.wasIndexed || wasIndexed.has(id),
        isConfirmed: stray.isConfirmed || (isDue(stray, now) && !hasLock),
      },
    ]),
  );
}
