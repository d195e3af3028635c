import type { StoreEntry } from "../../core/source.ts";
import type { MetricSpec, Point } from "../../metrics/spec.ts";
import type { RepositoryState } from "../state.ts";

type Entry = StoreEntry<RepositoryState>;
type Look = NonNullable<NonNullable<RepositoryState["locks"]>["look"]>;

const KIND = ["url", "kind"] as const;

/** With the setting `locks`; as of the last look that did not fail. */
export const LOCK_METRICS: readonly MetricSpec<Entry>[] = [
  {
    name: "backup.repository.locks",
    kind: "gauge",
    description: "Processes that hold a lock; only with locks.",
    labels: KIND,
    points: (entry) => kinds(entry, (holders) => holders.length),
  },
  {
    name: "backup.repository.stale_locks",
    kind: "gauge",
    description:
      "Locks that are older than 30 minutes by their own time, and were not refreshed between two looks at least 10 minutes apart; only with locks.",
    labels: KIND,
    points: (entry) => kinds(entry, (holders) => holders.filter(({ isStale }) => isStale).length),
  },
  {
    name: "backup.repository.lock_held_since_timestamp_seconds",
    kind: "gauge",
    unit: "s",
    description:
      "When the agent first saw the lock that it has seen for the longest time, Unix seconds; only with locks.",
    labels: KIND,
    points: (entry) =>
      kinds(entry, (holders) => {
        const since = holders.reduce((least, holder) => Math.min(least, holder.since), Infinity);
        return since / 1000;
      }),
  },
  {
    name: "backup.repository.unreadable_locks",
    kind: "gauge",
    description:
      "Lock files that cannot be read, verified or parsed, or are beyond the 1,000 that are read; only with locks. Empty files do not count.",
    labels: ["url"],
    points: ({ state, subject }) => {
      const look = state?.locks?.look;
      return look ? [[look.unreadable, subject]] : [];
    },
  },
];

/** A point for each kind; an infinite value is none. */
function kinds(
  { state, subject }: Entry,
  valueOf: (holders: Look["holders"]) => number,
): readonly Point[] {
  const look = state?.locks?.look;
  if (!look) return [];
  return [false, true].flatMap((exclusive): Point[] => {
    const value = valueOf(look.holders.filter((holder) => holder.exclusive === exclusive));
    const labels = { ...subject, kind: exclusive ? "exclusive" : "shared" };
    return Number.isFinite(value) ? [[value, labels]] : [];
  });
}
