import type { Scenario, Series } from "./scenario.ts";
import { CRITICAL, happened, U } from "./url-scenarios.ts";

const REMOVED = "backup_repository_last_removal_timestamp_seconds";
const NEWEST = "backup_repository_last_newest_removal_timestamp_seconds";
const VIOLATED = "backup_repository_append_only_violated_timestamp_seconds";

/** The last removal of a repository. */
function removal(url: string, snapshots: number, ratio: number, daysAgo = 1): Series {
  const ago = { ago: daysAgo * 86_400 };
  const absent = url === "u";
  return {
    [`${REMOVED}{url="${url}"}`]: absent ? [undefined, ago] : ago,
    [`backup_repository_last_removed_snapshots{url="${url}"}`]: snapshots,
    [`backup_repository_last_removed_ratio{url="${url}"}`]: ratio,
  };
}

/** Each lacks one condition. */
const HARMLESS = {
  ...removal("few", 4, 0.9),
  ...removal("half", 50, 0.5),
  ...removal("old", 50, 0.9, 3.1),
};

/** A removal of most, and a timestamp that no policy of forget leaves. */
function suspicious(metric: string): Scenario {
  return {
    alert: "BackupMassRemoval",
    ...CRITICAL,
    name: `most snapshots were removed, and ${metric} says that it was no policy`,
    labels: U,
    also: ["BackupNewestRemoved", "BackupAppendOnlyViolated", "BackupMassRemoval"],
    series: {
      ...removal("u", 5, 0.6),
      [`${metric}{url="u"}`]: [undefined, { ago: 86_400 }],
      ...HARMLESS,
      ...Object.fromEntries(
        ["few", "half", "old"].map((url) => [`${metric}{url="${url}"}`, { ago: 86_400 }]),
      ),
      ...removal("policy", 5, 0.6),
      [`${metric}{url="policy"}`]: { ago: 3.1 * 86_400 },
    },
  };
}

export const CHANGE_SCENARIOS: readonly Scenario[] = [
  happened("BackupNewestRemoved", NEWEST),
  {
    alert: "BackupMassRemoval",
    name: "a first forget removes most, beside removals that are small, not most, or long ago",
    labels: U,
    also: ["BackupNewestRemoved", "BackupAppendOnlyViolated", "BackupMassRemoval"],
    series: {
      ...removal("u", 5, 0.6),
      ...HARMLESS,
      ...removal("newest", 5, 0.6),
      [`${NEWEST}{url="newest"}`]: { ago: 86_400 },
      ...removal("violated", 5, 0.6),
      [`${VIOLATED}{url="violated"}`]: { ago: 86_400 },
    },
  },
  ...[NEWEST, VIOLATED].map(suspicious),
  happened("BackupSnapshotsRewritten", "backup_repository_last_rewrite_timestamp_seconds"),
  {
    alert: "BackupKeyAdded",
    name: "a key was added, in another repository one was removed",
    labels: U,
    series: {
      'backup_repository_keys_changed_timestamp_seconds{url="u",change="added"}': [
        undefined,
        { ago: 86_400 },
      ],
      'backup_repository_keys_changed_timestamp_seconds{url="v",change="removed"}': { ago: 86_400 },
      'backup_repository_keys_changed_timestamp_seconds{url="w",change="added"}': {
        ago: 3.1 * 86_400,
      },
    },
  },
  happened("BackupAppendOnlyViolated", VIOLATED, CRITICAL),
];
