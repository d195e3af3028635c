import type { Labels, StoreEntry } from "../../core/source.ts";
import type { MetricSpec, Point } from "../../metrics/spec.ts";
import type { ChangeHistory, RepositoryState } from "../state.ts";

type Entry = StoreEntry<RepositoryState>;

const URL = ["url"] as const;

/** Nothing before the first complete collection. A rare event is a time: `increase()` does not see a counter that begins with 1. */
export const CHANGE_METRICS: readonly MetricSpec<Entry>[] = [
  counter(
    "snapshots_added",
    "Snapshots that appeared since the first complete collection.",
    ({ totals }) => totals.added,
  ),
  counter(
    "snapshots_removed",
    "Snapshots that were removed since the first complete collection, not replaced.",
    ({ totals }) => totals.removed,
  ),
  {
    name: "backup.repository.snapshots_replaced",
    kind: "counter",
    description:
      "Snapshots that were replaced by another one with the same content (restic tag) or with changed content (restic rewrite).",
    labels: ["url", "content"],
    points: (entry) =>
      ofHistory(entry, ({ totals: { retagged, rewritten } }) => [
        [retagged, { ...entry.subject, content: "same" }],
        [rewritten, { ...entry.subject, content: "changed" }],
      ]),
  },
  time(
    "last_removal_timestamp_seconds",
    "When snapshots were last missing that were not replaced, Unix seconds.",
    ({ last }) => last.removal?.at,
  ),
  gauge(
    "last_removed_snapshots",
    "Snapshots that the last removal took.",
    ({ last }) => last.removal?.snapshots,
  ),
  gauge(
    "last_removed_ratio",
    "Share of the snapshots of the repository that the last removal took, 0 to 1.",
    ({ last }) => last.removal?.ratio,
  ),
  time(
    "last_newest_removal_timestamp_seconds",
    "When the newest snapshot of a host and its paths was last removed, Unix seconds: forget with its default groups never does that.",
    ({ last }) => last.newestRemovalAt,
  ),
  time(
    "last_rewrite_timestamp_seconds",
    "When a snapshot was last replaced by one with changed content, Unix seconds.",
    ({ last }) => last.rewriteAt,
  ),
  time(
    "append_only_violated_timestamp_seconds",
    "When snapshots were last removed or replaced in a repository whose entry says appendOnly, Unix seconds.",
    ({ last, appendOnly }) => (appendOnly ? last.violatedAt : undefined),
  ),
  gauge("keys", "Keys of the repository, as listed last.", ({ keys }) => keys?.count),
  {
    name: "backup.repository.keys_changed_timestamp_seconds",
    kind: "gauge",
    unit: "s",
    description: "When a key was last added or removed, Unix seconds.",
    labels: ["url", "change"],
    points: (entry) =>
      ofHistory(entry, ({ keys }) => [
        ...seconds(keys?.addedAt, { ...entry.subject, change: "added" }),
        ...seconds(keys?.removedAt, { ...entry.subject, change: "removed" }),
      ]),
  },
];

/** The backup sets of a repository that have no snapshot left. */
export interface VanishedEntry {
  readonly labels: Labels;
  readonly count: number;
}

export const VANISHED_METRICS: readonly MetricSpec<VanishedEntry>[] = [
  {
    name: "backup.repository.vanished_sets",
    kind: "gauge",
    description:
      "Backup sets that lost their last snapshot within 90 days and are not retired; only with stateDir.",
    labels: URL,
    points: ({ labels, count }) => [[count, labels]],
  },
];

type ValueOf = (history: ChangeHistory) => number | undefined;

function counter(name: string, description: string, valueOf: ValueOf): MetricSpec<Entry> {
  return { ...gauge(name, description, valueOf), kind: "counter" };
}

function gauge(name: string, description: string, valueOf: ValueOf): MetricSpec<Entry> {
  return {
    name: `backup.repository.${name}`,
    kind: "gauge",
    description,
    labels: URL,
    points: (entry) =>
      ofHistory(entry, (history) => {
        const value = valueOf(history);
        return value === undefined ? [] : [[value, entry.subject]];
      }),
  };
}

/** @param valueOf returns milliseconds since the epoch */
function time(name: string, description: string, valueOf: ValueOf): MetricSpec<Entry> {
  return {
    ...gauge(name, description, valueOf),
    unit: "s",
    points: (entry) => ofHistory(entry, (history) => seconds(valueOf(history), entry.subject)),
  };
}

function seconds(at: number | undefined, labels: Labels): readonly Point[] {
  return at === undefined ? [] : [[at / 1000, labels]];
}

function ofHistory(
  { state }: Entry,
  points: (history: ChangeHistory) => readonly Point[],
): readonly Point[] {
  const history = state?.content?.changes;
  return history ? points(history) : [];
}
