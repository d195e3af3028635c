import { userOf } from "../snapshot.ts";
import type { Snapshot } from "../snapshot.ts";

/** Fewer snapshots may be missing without a second look: `forget` removes some at a time. */
const MANY = 5;

/** A backup set of which a listing lacks all snapshots, or more than half. */
export interface Loss {
  readonly host: string;
  readonly user: string;
  /** Snapshots that the listing lacks. */
  readonly missing: number;
  /** Snapshots that were known before. */
  readonly known: number;
}

/** A loss that a second listing, some seconds later, shows or does not show. */
export interface JudgedLoss extends Loss {
  readonly confirmed: boolean;
}

/**
 * The backup sets that are gone from a listing, and those that lose more than half of their snapshots and at least five.
 * @param missing snapshots that the listing lacks
 * @param known all snapshots, those that were read from this listing included
 * @param fresh names that were read from this listing
 */
export function lossesIn(
  missing: readonly Snapshot[],
  known: ReadonlyMap<string, Snapshot>,
  listed: ReadonlySet<string>,
  fresh: readonly string[],
): readonly Loss[] {
  if (missing.length === 0) return [];
  const read = new Set(fresh);
  const lost = Map.groupBy(missing, keyOf);
  const present = [...known.values()].filter(({ id }) => listed.has(id));
  const left = Map.groupBy(present, keyOf);
  return [...lost].flatMap(([key, gone]) => {
    const [first] = gone;
    const rest = left.get(key) ?? [];
    const before = rest.filter(({ id }) => !read.has(id)).length;
    const isHalved = gone.length >= MANY && gone.length > before;
    if (!first || !(rest.length === 0 || isHalved)) return [];
    const set = { host: first.hostname, user: userOf(first) };
    return [{ ...set, missing: gone.length, known: gone.length + before }];
  });
}

/** @param second the losses that the second listing shows */
export function judged(first: readonly Loss[], second: readonly Loss[]): readonly JudgedLoss[] {
  const shown = new Set(second.map(({ host, user }) => JSON.stringify([host, user])));
  return first.map((loss) => ({
    ...loss,
    confirmed: shown.has(JSON.stringify([loss.host, loss.user])),
  }));
}

/** Names may contain any character: a joined string would be ambiguous. */
function keyOf(snapshot: Snapshot): string {
  return JSON.stringify([snapshot.hostname, userOf(snapshot)]);
}
