import { bounded } from "./bounded.ts";
import type { Rank } from "./bounded.ts";
import type { Slot } from "./slots.ts";

/** At most `max` slots, and all that the settings name: what others write to a repository never hides those. */
export function shownSlots(all: readonly Slot[], max: number): readonly Slot[] {
  if (all.length <= max) return all;
  const named = all.filter(({ isNamed }) => isNamed).length;
  return bounded(all, Math.max(max, named), rankOf);
}

function rankOf({ isNamed, inputs, lostAt }: Slot): Rank {
  const findings = inputs.map(([, finding]) => finding);
  return {
    isExpected: isNamed,
    // The slot of a host whose snapshots are gone stays, so that it becomes late.
    snapshots: lostAt === undefined ? Math.max(...matchingOfEach(inputs)) : Infinity,
    firstSeenAt: Math.min(...findings.map(({ firstSeen }) => firstSeen)),
  };
}

/** The number of snapshots in each repository: a copy is no second backup. */
function matchingOfEach(inputs: Slot["inputs"]): readonly number[] {
  const counts = new Map<number, number>();
  for (const [repository, { matching }] of inputs)
    counts.set(repository, (counts.get(repository) ?? 0) + matching);
  return [...counts.values()];
}
