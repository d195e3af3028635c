import type { MetricSpec, Point } from "../../metrics/spec.ts";
import { ageDays, agesAt } from "../state.ts";
import type { Summary } from "../repository/snapshot.ts";
import type { BackupSet } from "../state.ts";
import type { RepositoryEntry } from "./repository.ts";

const SET = ["url", "host", "user"] as const;

/** Days after which `isLegacy` is "true". */
const LEGACY_DAYS = 60;

/** @param legacyLabel adds `isLegacy` to two metrics, for people who have years of such series */
export function backupSetMetrics(legacyLabel: boolean): readonly MetricSpec<RepositoryEntry>[] {
  const legacy = (set: BackupSet, now: number): BackupSet["labels"] =>
    legacyLabel ? withLegacy(set.labels, ageDays(set.newest, now) > LEGACY_DAYS) : set.labels;
  const legacySet = legacyLabel ? [...SET, "isLegacy"] : SET;
  const legacyBasis = legacyLabel ? agesOf : setsOf;
  return [
    {
      name: "backup.snapshot_count",
      kind: "gauge",
      description: "Snapshots in the backup set.",
      labels: legacySet,
      points: (entry, now) => points(entry, (set) => [set.snapshots, legacy(set, now)]),
      basis: legacyBasis,
    },
    {
      name: "backup.newest_timestamp",
      kind: "gauge",
      description: "Time of the newest snapshot of the backup set, Unix seconds.",
      labels: legacySet,
      points: (entry, now) => points(entry, (set) => [set.newest.time.seconds, legacy(set, now)]),
      basis: legacyBasis,
    },
    {
      name: "backup.days_age",
      kind: "gauge",
      description:
        "Whole days from the newest snapshot of the backup set to now; negative for one that is dated in the future.",
      labels: SET,
      points: (entry, now) => points(entry, (set) => [ageDays(set.newest, now), set.labels]),
      basis: agesOf,
    },
    ...NEWEST_AND_OLDEST,
  ];
}

type LegacyLabels = BackupSet["labels"] & { readonly isLegacy: string };

/** Whoever knows labels by the object finds them again. */
const legacyLabels = new WeakMap<BackupSet["labels"], LegacyLabels>();

function withLegacy(labels: BackupSet["labels"], isLegacy: boolean): LegacyLabels {
  const before = legacyLabels.get(labels);
  if (before?.isLegacy === String(isLegacy)) return before;
  const after = Object.freeze({ ...labels, isLegacy: String(isLegacy) });
  legacyLabels.set(labels, after);
  return after;
}

const NEWEST_AND_OLDEST: readonly MetricSpec<RepositoryEntry>[] = [
  {
    name: "backup.oldest_timestamp_seconds",
    kind: "gauge",
    unit: "s",
    description: "Time of the oldest snapshot of the backup set, Unix seconds.",
    labels: SET,
    points: (entry) => points(entry, (set) => [set.oldest.time.seconds, set.labels]),
    basis: setsOf,
  },
  newest(
    "backup.last.duration_seconds",
    "s",
    "How long the newest snapshot of the backup set took to make.",
    (summary) => summary.durationSeconds,
  ),
  newest(
    "backup.last.files",
    undefined,
    "Files in the newest snapshot of the backup set.",
    (summary) => summary.files,
  ),
  newest(
    "backup.last.processed_bytes",
    "By",
    "Bytes in the newest snapshot of the backup set.",
    (summary) => summary.processedBytes,
  ),
  newest(
    "backup.last.added_bytes",
    "By",
    "Bytes that the newest snapshot added, before compression.",
    (summary) => summary.addedBytes,
  ),
  newest(
    "backup.last.added_stored_bytes",
    "By",
    "Bytes that the newest snapshot added, as stored.",
    (summary) => summary.addedStoredBytes,
  ),
];

/** A metric from the summary of the newest snapshot: restic 0.17 and later; no series without one. */
function newest(
  name: string,
  unit: "s" | "By" | undefined,
  description: string,
  value: (summary: Summary) => number | undefined,
): MetricSpec<RepositoryEntry> {
  return {
    name,
    kind: "gauge",
    ...(unit && { unit }),
    description,
    labels: SET,
    points: (entry) =>
      points(entry, ({ newest: { summary }, labels }) => {
        const told = summary && value(summary);
        return told === undefined ? undefined : [told, labels];
      }),
    basis: setsOf,
  };
}

const NO_SETS: readonly BackupSet[] = [];

/** The same array as long as they are the same sets. */
function setsOf({ state }: RepositoryEntry): readonly BackupSet[] {
  return state?.content?.sets ?? NO_SETS;
}

function agesOf(entry: RepositoryEntry, now: number): object {
  return agesAt(setsOf(entry), now);
}

/** One by one: points of ten thousand sets that are all there at once outlive the young generation. */
function* points(
  entry: RepositoryEntry,
  point: (set: BackupSet) => Point | undefined,
): Generator<Point> {
  for (const set of setsOf(entry)) {
    const known = point(set);
    if (known) yield known;
  }
}
