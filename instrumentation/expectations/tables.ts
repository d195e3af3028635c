import type { BoundTable } from "../metrics/bound-table.ts";
import { boundTable } from "../metrics/bound-table.ts";
import type { MetricSpec } from "../metrics/spec.ts";
import type { BackupSet } from "../restic/state.ts";
import type { Expectation } from "../settings/expectations/expectations.ts";
import type { ExpectationBook } from "./book.ts";
import type { UnexpectedSets } from "./page.ts";
import type { RemovableSnapshots } from "./retention/removable.ts";
import type { Retained } from "./retention/retained.ts";
import type { Slot } from "./slots.ts";

const SLOT = ["expectation", "host", "user"] as const;

export const SLOT_METRICS: readonly MetricSpec<Slot>[] = [
  {
    name: "backup.expected.newest_timestamp_seconds",
    kind: "gauge",
    unit: "s",
    description:
      "Time of the newest snapshot that meets an expectation, in the copies-th best repository, Unix seconds; 0: there was never one.",
    labels: SLOT,
    points: ({ verdict: { newest }, labels }) => (newest === undefined ? [] : [[newest, labels]]),
  },
  {
    name: "backup.expected.max_age_seconds",
    kind: "gauge",
    unit: "s",
    description: "Allowed age of that snapshot; during a pause up to its end.",
    labels: SLOT,
    points: ({ verdict: { newest, maxAgeSeconds }, labels }) =>
      newest === undefined ? [] : [[maxAgeSeconds, labels]],
  },
  {
    name: "backup.expectation.unmet",
    kind: "gauge",
    description:
      "1 while an expectation is not met, with the reason: never_seen, late, copies, too_few, retention, empty, small, future, unknown.",
    labels: [...SLOT, "reason"],
    points: ({ verdict: { reasons }, labels }) =>
      reasons.map((reason) => [1, { ...labels, reason }] as const),
  },
];

export const JUDGED_METRICS: readonly MetricSpec<BackupSet>[] = [
  {
    name: "backup.set.judged",
    kind: "gauge",
    description: "1 for a backup set that an expectation covers, or that is retired.",
    labels: ["url", "host", "user"],
    points: ({ labels }) => [[1, labels]],
  },
];

export const UNEXPECTED_METRICS: readonly MetricSpec<UnexpectedSets>[] = [
  {
    name: "backup.unexpected_sets",
    kind: "gauge",
    description: "Backup sets that no expectation covers and that are not retired.",
    labels: ["url"],
    points: ({ labels, count }) => [[count, labels]],
  },
];

const PERIODS = ["url", ...SLOT, "period"] as const;

export const RETENTION_METRICS: readonly MetricSpec<Retained>[] = [
  {
    name: "backup.retention.periods",
    kind: "gauge",
    description:
      "Of the last N calendar periods of the policy of an expectation those that have a snapshot; period: hourly, daily, weekly, monthly, yearly.",
    labels: PERIODS,
    points: ({ labels, periods }) =>
      periods.map(({ period, found }) => [found, { ...labels, period }] as const),
  },
  {
    name: "backup.retention.expected_periods",
    kind: "gauge",
    description:
      "N, or the calendar periods since the oldest snapshot that was ever seen if these are fewer.",
    labels: PERIODS,
    points: ({ labels, periods }) =>
      periods.map(({ period, expected }) => [expected, { ...labels, period }] as const),
  },
];

export const REMOVABLE_METRICS: readonly MetricSpec<RemovableSnapshots>[] = [
  {
    name: "backup.retention.removable_snapshots",
    kind: "gauge",
    description:
      "Snapshots that restic forget with the policy of an expectation would remove now; only with retention.",
    labels: ["url", "expectation"],
    points: ({ labels, count }) => [[count, labels]],
  },
];

/** How many expectations there are, which are paused, and how many slots are not shown. */
interface Summary {
  readonly count: number;
  readonly paused: readonly Expectation[];
  readonly hidden: number;
}

export const SUMMARY_METRICS: readonly MetricSpec<Summary>[] = [
  {
    name: "backup.expectations",
    kind: "gauge",
    description: "Expectations in the settings.",
    labels: [],
    points: ({ count }) => [[count, {}]],
  },
  {
    name: "backup.hidden_slots",
    kind: "gauge",
    description: "Hosts and users of expectations above maxSlots, which have no series.",
    labels: [],
    points: ({ hidden }) => [[hidden, {}]],
  },
  {
    name: "backup.expectation.paused_until_timestamp_seconds",
    kind: "gauge",
    unit: "s",
    description: "End of the pause of an expectation, Unix seconds; only during the pause.",
    labels: ["expectation"],
    points: ({ paused }) =>
      paused.map(
        ({ name, pausedUntil = 0 }) => [pausedUntil / 1000, { expectation: name }] as const,
      ),
  },
];

/**
 * @param book returns the book as of now
 * @param isShown the backup set has series
 */
export function expectationTables(
  book: () => ExpectationBook,
  now: () => number,
  isShown: (set: BackupSet) => boolean = () => true,
): readonly BoundTable[] {
  const hasAny = ({ settings }: ExpectationBook): boolean => settings.expectations.length > 0;
  return [
    boundTable(
      SLOT_METRICS,
      () => book().slots(),
      ({ verdict }) => verdict.until,
    ),
    boundTable(
      JUDGED_METRICS,
      () => [...book().judgedSets()].filter(isShown),
      () => Infinity,
    ),
    boundTable(
      UNEXPECTED_METRICS,
      () => (hasAny(book()) ? book().unexpectedSets() : []),
      () => Infinity,
    ),
    boundTable(
      RETENTION_METRICS,
      () =>
        book()
          .slots()
          .flatMap(({ retained }) => retained),
      ({ until }) => until,
    ),
    boundTable(
      REMOVABLE_METRICS,
      () => book().removable(),
      () => Infinity,
    ),
    boundTable(SUMMARY_METRICS, () => {
      const current = book();
      const count = current.settings.expectations.length;
      return count > 0
        ? [{ count, paused: current.paused(now()), hidden: current.hiddenSlots }]
        : [];
    }),
  ];
}
