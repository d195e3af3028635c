/** Decides which of too many backup sets, groups or slots are shown. */
export interface Rank {
  /** An expectation covers it; a slot: its names are in the settings. */
  readonly isExpected: boolean;
  readonly snapshots: number;
  /** When the first of them was seen, milliseconds since the epoch; undefined: at the first look. */
  readonly firstSeenAt: number | undefined;
}

/**
 * At most `max` of the list, in its order: first what is expected, then what has two or more snapshots, then single snapshots, those
 * that were seen first before others.
 */
export function bounded<Value>(
  list: readonly Value[],
  max: number,
  rankOf: (value: Value) => Rank,
): readonly Value[] {
  if (list.length <= max) return list;
  const ranked = list.map((value) => [orderOf(rankOf(value)), value] as const);
  const first = ranked.toSorted(([a], [b]) => a - b).slice(0, max);
  const kept = new Set(first.map(([, value]) => value));
  return list.filter((value) => kept.has(value));
}

function orderOf({ isExpected, snapshots, firstSeenAt = 0 }: Rank): number {
  if (isExpected) return -2;
  return snapshots > 1 ? -1 : firstSeenAt;
}
