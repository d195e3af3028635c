import type { Snapshot } from "../repository/snapshot.ts";
import type { ChangeHistory, LastChanges } from "../repository/snapshots/change-history.ts";

/**
 * The history without times in the future: the clock was ahead, and an alert on a recent change would last until that time. They become
 * `at`. The same object if there are none, or if a snapshot is dated after `at` as well: the clock may be behind now.
 * @param at milliseconds since the epoch
 */
export function notAfter(
  history: ChangeHistory,
  at: number,
  listed: Iterable<Snapshot>,
): ChangeHistory {
  const { absences, earlier, keys, vanished, events } = history;
  const all = [...absences, ...vanished, ...events].map((one) => one.at);
  const times = [...all, ...timesOf(earlier), keys?.addedAt, keys?.removedAt];
  if (times.every((time) => time === undefined || time <= at)) return history;
  for (const { time } of listed) if (time.seconds * 1000 > at) return history;
  const clamped = <T extends { readonly at: number }>(list: readonly T[]): readonly T[] =>
    list.map((one) => (one.at > at ? { ...one, at } : one));
  const earliest = (time: number | undefined): number | undefined =>
    time === undefined ? undefined : Math.min(time, at);
  return {
    ...history,
    absences: clamped(absences),
    vanished: clamped(vanished),
    events: clamped(events),
    earlier: {
      removal: earlier.removal && { ...earlier.removal, at: Math.min(earlier.removal.at, at) },
      newestRemovalAt: earliest(earlier.newestRemovalAt),
      rewriteAt: earliest(earlier.rewriteAt),
      violatedAt: earliest(earlier.violatedAt),
    },
    keys: keys && {
      ...keys,
      addedAt: earliest(keys.addedAt),
      removedAt: earliest(keys.removedAt),
    },
  };
}

function timesOf(last: LastChanges): readonly (number | undefined)[] {
  return [last.removal?.at, last.newestRemovalAt, last.rewriteAt, last.violatedAt];
}
