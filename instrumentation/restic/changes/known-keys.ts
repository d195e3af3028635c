import type { ChangeEvent, KnownKeys } from "../repository/snapshots/change-history.ts";

/** Names beyond this are not kept: a client that may write can add any number of keys. */
const MAX_NAMES = 1000;

/**
 * Compares `keys/` with what is known of it.
 * @param listed undefined: it was not listed
 * @param at milliseconds since the epoch
 */
export function keyChanges(
  previous: KnownKeys | undefined,
  listed: ReadonlySet<string> | undefined,
  at: number,
): { readonly keys: KnownKeys | undefined; readonly events: readonly ChangeEvent[] } {
  if (!listed) return { keys: previous, events: [] };
  const names = [...listed].toSorted().slice(0, MAX_NAMES);
  const count = listed.size;
  if (!previous)
    return { keys: { count, names, addedAt: undefined, removedAt: undefined }, events: [] };
  const known = new Set(previous.names);
  const isWhole = previous.count === known.size;
  const added = isWhole ? [...listed].filter((name) => !known.has(name)) : [];
  const removed = previous.names.filter((name) => !listed.has(name));
  const isMore = added.length > 0 || (!isWhole && count > previous.count);
  const isLess = removed.length > 0 || (!isWhole && count < previous.count);
  if (!isMore && !isLess) return { keys: previous, events: [] };
  const keys = {
    count,
    names,
    addedAt: isMore ? at : previous.addedAt,
    removedAt: isLess ? at : previous.removedAt,
  };
  const event = (name: "key_added" | "key_removed", id: string): ChangeEvent => ({
    at,
    event: name,
    id,
  });
  const events = [
    ...removed.map((id) => event("key_removed", id)),
    ...added.map((id) => event("key_added", id)),
  ];
  return { keys, events };
}
