import type { Snapshot } from "../repository/snapshot.ts";
import { compareInstants } from "../repository/timestamp.ts";
import type { Missing } from "./replacement.ts";

/**
 * The newest snapshot of each group as restic makes it (host and paths) if it was removed, not replaced, and the group has no newer
 * one. `forget` with its default groups never removes it. Of snapshots with equal times `forget` may keep any.
 */
export function newestRemovals(
  missing: readonly Missing[],
  listed: Iterable<Snapshot>,
): ReadonlySet<Snapshot> {
  const newest = new Map<string, Missing>();
  for (const one of missing) {
    const group = groupOf(one.snapshot);
    if (group === undefined) continue;
    const known = newest.get(group);
    if (!known || compareInstants(known.snapshot.time, one.snapshot.time) < 0)
      newest.set(group, one);
  }
  for (const snapshot of newest.size > 0 ? listed : []) {
    const group = groupOf(snapshot);
    const lost = group === undefined ? undefined : newest.get(group);
    if (group === undefined || !lost) continue;
    const later = compareInstants(snapshot.time, lost.snapshot.time);
    // The successor of an emptied snapshot has its time, but not its files.
    if (later > 0 || (later === 0 && snapshot !== lost.successor)) newest.delete(group);
  }
  const isLost = ({ fate }: Missing): boolean => fate === "removed" || fate === "emptied";
  return new Set([...newest.values()].filter(isLost).map(({ snapshot }) => snapshot));
}

/** undefined: the paths are not known. */
function groupOf({ hostname, details }: Snapshot): string | undefined {
  return details && JSON.stringify([hostname, details.groups.paths]);
}
