import type { MetricSpec } from "../../metrics/spec.ts";
import { ageDays } from "../state.ts";
import type { BackupSet } from "../state.ts";
import type { Summary } from "../repository/summary.ts";

const SET = ["url", "host", "user"] as const;

/** Days after which `isLegacy` is "true". */
const LEGACY_DAYS = 60;

/** A median of fewer snapshots says nothing. */
const MIN_RECENT = 3;

type ValueOf = (summary: Summary) => number | undefined;

/** @param legacyLabel adds `isLegacy` to two metrics, for users who have years of such series */
export function backupSetMetrics(legacyLabel: boolean): readonly MetricSpec<BackupSet>[] {
  const labelsOf = ({ labels, newest }: BackupSet, now: number): BackupSet["labels"] =>
    legacyLabel ? { ...labels, isLegacy: String(ageDays(newest, now) > LEGACY_DAYS) } : labels;
  const legacySet = legacyLabel ? [...SET, "isLegacy"] : SET;
  return [
    {
      name: "backup.snapshot_count",
      kind: "gauge",
      description: "Snapshots in the backup set.",
      labels: legacySet,
      points: (set, now) => [[set.snapshots, labelsOf(set, now)]],
    },
    {
      name: "backup.newest_timestamp",
      kind: "gauge",
      description: "Time of the newest snapshot of the backup set, Unix seconds.",
      labels: legacySet,
      points: (set, now) => [[set.newest.time.seconds, labelsOf(set, now)]],
    },
    {
      name: "backup.days_age",
      kind: "gauge",
      description:
        "Whole days from the newest snapshot of the backup set to now; negative for one that is dated in the future.",
      labels: SET,
      points: ({ newest, labels }, now) => [[ageDays(newest, now), labels]],
    },
    {
      name: "backup.oldest_timestamp_seconds",
      kind: "gauge",
      unit: "s",
      description: "Time of the oldest snapshot of the backup set, Unix seconds.",
      labels: SET,
      points: ({ oldest, labels }) => [[oldest.time.seconds, labels]],
    },
    newestMetric(
      "backup.last.duration_seconds",
      "s",
      "How long the newest snapshot of the backup set took to make.",
      (summary) => summary.durationSeconds,
    ),
    newestMetric(
      "backup.last.files",
      undefined,
      "Files in the newest snapshot of the backup set.",
      (summary) => summary.files,
    ),
    newestMetric(
      "backup.last.processed_bytes",
      "By",
      "Bytes in the newest snapshot of the backup set.",
      (summary) => summary.processedBytes,
    ),
    newestMetric(
      "backup.last.added_bytes",
      "By",
      "Bytes that the newest snapshot added, before compression.",
      (summary) => summary.addedBytes,
    ),
    newestMetric(
      "backup.last.added_stored_bytes",
      "By",
      "Bytes that the newest snapshot added, as stored.",
      (summary) => summary.addedStoredBytes,
    ),
    newestMetric(
      "backup.last.files_new",
      undefined,
      "Files in the newest snapshot that the one before does not have.",
      (summary) => summary.filesNew,
    ),
    newestMetric(
      "backup.last.files_changed",
      undefined,
      "Files in the newest snapshot that changed since the one before.",
      (summary) => summary.filesChanged,
    ),
    newestMetric(
      "backup.last.files_unmodified",
      undefined,
      "Files in the newest snapshot that did not change since the one before.",
      (summary) => summary.filesUnmodified,
    ),
    recentMetric("files", undefined, "files", (summary) => summary.files),
    recentMetric("processed_bytes", "By", "bytes", (summary) => summary.processedBytes),
    recentMetric(
      "added_bytes",
      "By",
      "bytes added, before compression,",
      (summary) => summary.addedBytes,
    ),
    recentMetric("duration_seconds", "s", "duration", (summary) => summary.durationSeconds),
    {
      name: "backup.backdated_snapshots",
      kind: "gauge",
      description:
        "Snapshots of the backup set whose time is not that of their backup: by more than 1 h, or they appeared more than maxBackupDuration after it.",
      labels: SET,
      points: ({ backdated, labels }) => [[backdated.size, labels]],
    },
  ];
}

/** A metric from the summary of the newest snapshot: restic 0.17 and later; no series without one. */
function newestMetric(
  name: string,
  unit: "s" | "By" | undefined,
  description: string,
  valueOf: ValueOf,
): MetricSpec<BackupSet> {
  return {
    name,
    kind: "gauge",
    ...(unit && { unit }),
    description,
    labels: SET,
    points: ({ newest: { summary }, labels }) => {
      const value = summary && valueOf(summary);
      return value === undefined ? [] : [[value, labels]];
    },
  };
}

/** The median over the snapshots before the newest that have a value; no series of fewer than three. */
function recentMetric(
  name: string,
  unit: "s" | "By" | undefined,
  what: string,
  valueOf: ValueOf,
): MetricSpec<BackupSet> {
  return {
    name: `backup.recent_median.${name}`,
    kind: "gauge",
    ...(unit && { unit }),
    description: `Median ${what} of the five snapshots before the newest with the same paths; only from three on.`,
    labels: SET,
    points: ({ recent, labels }) => {
      const values = recent.flatMap(({ summary }) => (summary && valueOf(summary)) ?? []);
      return values.length < MIN_RECENT ? [] : [[median(values), labels]];
    },
  };
}

/** @param values at least one */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const middle = sorted.slice(Math.ceil(half) - 1, Math.floor(half) + 1);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}
