import { userOf } from "../repository/snapshot.ts";
import type { Snapshot } from "../repository/snapshot.ts";
import { compareInstants } from "../repository/timestamp.ts";
import type { ListingChange, VanishedSet } from "../repository/snapshots/change-history.ts";
import type { Missing } from "./replacement.ts";

const KEPT_MS = 90 * 86_400_000;
const MAX_SETS = 10_000;

/**
 * Adds the backup sets that lost their last snapshot to those of the last 90 days, and takes out those that have one again. A set
 * whose newest snapshot was replaced, as by `rewrite --new-host`, is no loss.
 */
export function vanishedSets(
  previous: readonly VanishedSet[],
  missing: readonly Missing[],
  { at, added, listed }: ListingChange,
): readonly VanishedSet[] {
  const back = new Set(previous.length > 0 ? added.map(keyOf) : []);
  const kept = previous.filter((one) => at - one.at < KEPT_MS && !back.has(keyOfSet(one)));
  const newest = new Map<string, Missing>();
  for (const one of missing) {
    const key = keyOf(one.snapshot);
    const known = newest.get(key);
    if (!known || compareInstants(known.snapshot.time, one.snapshot.time) < 0) newest.set(key, one);
  }
  for (const snapshot of newest.size > 0 ? listed.values() : []) newest.delete(keyOf(snapshot));
  const lost = [...newest.values()]
    .filter(({ fate }) => fate === "removed" || fate === "emptied")
    .map(({ snapshot }) => setOf(snapshot, at));
  if (lost.length === 0 && kept.length === previous.length) return previous;
  return [...lost, ...kept].slice(0, MAX_SETS);
}

function setOf(snapshot: Snapshot, at: number): VanishedSet {
  const { hostname: host, time } = snapshot;
  return { at, host, user: userOf(snapshot), newest: time.seconds };
}

/** Names may contain any character: a joined string would be ambiguous. */
function keyOf(snapshot: Snapshot): string {
  return JSON.stringify([snapshot.hostname, userOf(snapshot)]);
}

function keyOfSet({ host, user }: VanishedSet): string {
  return JSON.stringify([host, user]);
}
