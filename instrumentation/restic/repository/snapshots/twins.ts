import type { FirstSeen, Snapshot } from "../snapshot.ts";
import { compareInstants } from "../timestamp.ts";

type ById = ReadonlyMap<string, Snapshot>;

/**
 * `tag`, `rewrite` and `repair` replace a snapshot by a twin with the same time. A twin whose original was known here is no new backup:
 * it counts as seen when the original was. With another time it does not, whatever it names as its original.
 * @param fresh snapshots that were just read
 * @param known all snapshots, `fresh` included
 * @returns `fresh` with these sightings
 */
export function seenWithOriginal(fresh: readonly Snapshot[], known: ById): readonly Snapshot[] {
  // In the first listing all snapshots are equally new.
  if (fresh.every(({ firstSeen }) => firstSeen === undefined)) return fresh;
  const names = new Set(fresh.map(({ id }) => id));
  const byOriginal = new Map<string, Snapshot>();
  for (const snapshot of known.values())
    if (snapshot.details?.original !== undefined && !names.has(snapshot.id))
      byOriginal.set(snapshot.details.original, snapshot);
  const seenOf = (twin: Snapshot): FirstSeen | undefined => {
    const visited = new Set<Snapshot>();
    let seen = twin;
    for (let next: Snapshot | undefined = twin; next && !visited.has(next);) {
      visited.add(next);
      seen = next;
      const { details } = seen;
      if (details?.original === undefined || !names.has(seen.id)) break;
      // `tag` keeps the first original, which a tag before has removed.
      const original = known.get(details.original) ?? byOriginal.get(details.original);
      next = original && compareInstants(original.time, twin.time) === 0 ? original : undefined;
    }
    return seen.firstSeen;
  };
  return fresh.map((snapshot) =>
    snapshot.details?.original === undefined
      ? snapshot
      : { ...snapshot, firstSeen: seenOf(snapshot) },
  );
}
