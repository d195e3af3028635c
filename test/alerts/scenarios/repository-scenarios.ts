import type { Scenario, Series } from "./scenario.ts";

const U = 'url="u"';

/** A gauge that is 0 while all is well, and stays 0 in another repository. */
function counted(
  alert: string,
  metric: string,
  more: Partial<Scenario> = {},
  labels: readonly string[] = [],
): Scenario {
  const at = (url: string): string => `${metric}{${[`url="${url}"`, ...labels].join(",")}}`;
  const series: Series = { [at("u")]: [0, 2], [at("v")]: 0 };
  return { alert, name: `${metric} is not 0`, labels: U, series, ...more };
}

/** A timestamp that is absent until something happens; in another repository it happened four days ago. */
function happened(
  alert: string,
  metric: string,
  more: Partial<Scenario> = {},
  label = "",
): Scenario {
  const at = (url: string): string => `${metric}{url="${url}"${label}}`;
  const series: Series = {
    [at("u")]: [undefined, { ago: 2.9 * 86_400 }],
    [at("v")]: { ago: 3.1 * 86_400 },
  };
  return { alert, name: `${metric} was within three days`, labels: U, series, ...more };
}

const CRITICAL = { severity: "critical" } as const;

export const REPOSITORY_SCENARIOS: readonly Scenario[] = [
  {
    alert: "BackupRepositoryUnreadable",
    name: "a repository fails, and the class of its failure alternates",
    labels: U,
    after: 30,
    series: { 'backup_repository_up{url="u"}': [1, 0], 'backup_repository_up{url="v"}': 1 },
  },
  {
    alert: "BackupRepositoryUnreadable",
    name: "one agent of a pair cannot read a repository",
    labels: U,
    after: 30,
    series: {
      'backup_repository_up{url="u",instance="a"}': [1, 0],
      'backup_repository_up{url="u",instance="b"}': 1,
    },
  },
  counted("BackupSnapshotsUnreadable", "backup_repository_unreadable_snapshots", { after: 30 }),
  {
    alert: "BackupRepositoryEmpty",
    ...CRITICAL,
    name: "a repository has no snapshots",
    labels: U,
    series: {
      'backup_repository_snapshots{url="u"}': [3, 0],
      'backup_repository_snapshots{url="v"}': 1,
    },
  },
  {
    alert: "BackupRepositoryReplaced",
    ...CRITICAL,
    name: "another repository is at the URL; beside it one that is away, and one that was migrated",
    labels: 'id="old",url="u"',
    after: 10,
    series: {
      'backup_repository_info{url="u",id="old",version="2"}': [1, undefined],
      'backup_repository_info{url="u",id="new",version="2"}': [undefined, 1],
      'backup_repository_info{url="v",id="old",version="2"}': 1,
      'backup_repository_info{url="away",id="c",version="2"}': [1, undefined],
      'backup_repository_info{url="m",id="d",version="1"}': [1, undefined],
      'backup_repository_info{url="m",id="d",version="2"}': [undefined, 1],
      // Two agents that each have another repository at the same path.
      'backup_repository_info{url="/srv",id="e",version="2",instance="a"}': 1,
      'backup_repository_info{url="/srv",id="f",version="2",instance="b"}': 1,
    },
  },
  counted("BackupSetsHidden", "backup_repository_hidden_sets", { after: 10 }),
  happened("BackupBackdated", "backup_repository_last_backdated_timestamp_seconds"),
];

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

const LOCK = { labels: 'kind="shared",url="u"' };
const SINCE = "backup_repository_lock_held_since_timestamp_seconds";
const STALE = "backup_repository_stale_locks";

export const LOCK_SCENARIOS: readonly Scenario[] = [
  {
    alert: "BackupStaleLock",
    ...LOCK,
    name: "a backup was killed, in another repository a prune",
    series: {
      [`${STALE}{url="u",kind="shared"}`]: [0, 1],
      [`${STALE}{url="u",kind="exclusive"}`]: 0,
      [`${STALE}{url="v",kind="exclusive"}`]: 1,
    },
    also: ["BackupStaleExclusiveLock"],
  },
  {
    alert: "BackupStaleExclusiveLock",
    ...CRITICAL,
    name: "a prune was killed, in another repository a backup",
    labels: 'kind="exclusive",url="u"',
    series: {
      [`${STALE}{url="u",kind="exclusive"}`]: [0, 1],
      [`${STALE}{url="u",kind="shared"}`]: 0,
      [`${STALE}{url="v",kind="shared"}`]: 1,
    },
    also: ["BackupStaleLock"],
  },
  {
    alert: "BackupLockHeld",
    ...LOCK,
    name: "a mount runs for more than two days; beside it one of a day, and a stale one",
    series: {
      [`${SINCE}{url="u",kind="shared"}`]: [undefined, { ago: 2.1 * 86_400 }],
      [`${STALE}{url="u",kind="shared"}`]: 0,
      [`${STALE}{url="u",kind="exclusive"}`]: 1,
      [`${STALE}{url="w",kind="shared"}`]: 1,
      [`${SINCE}{url="v",kind="shared"}`]: { ago: 86_400 },
      [`${SINCE}{url="w",kind="shared"}`]: { ago: 9 * 86_400 },
    },
    also: ["BackupStaleLock", "BackupStaleExclusiveLock"],
  },
];

const REMOVABLE = "backup_retention_removable_snapshots";

export const RETENTION_SCENARIOS: readonly Scenario[] = [
  {
    alert: "BackupForgetMissing",
    name: "forget has not matched for eight days; beside it one that does",
    labels: 'expectation="e",url="u"',
    isHourly: true,
    after: 191,
    series: {
      [`${REMOVABLE}{url="u",expectation="e"}`]: [0, 3],
      [`${REMOVABLE}{url="u",expectation="other"}`]: 0,
      [`${REMOVABLE}{url="other",expectation="e"}`]: 0,
    },
  },
  {
    alert: "BackupForgetMissing",
    name: "a policy is new, and forget has never matched it; beside it one that is newer, and one that forget matched",
    labels: 'expectation="e",url="u"',
    isHourly: true,
    after: 192,
    series: {
      [`${REMOVABLE}{url="u",expectation="e"}`]: [undefined, 3],
      [`${REMOVABLE}{url="u",expectation="other"}`]: [0, undefined],
      [`${REMOVABLE}{url="other",expectation="e"}`]: [0, undefined],
    },
  },
];

export const INVENTORY_SCENARIOS: readonly Scenario[] = [
  counted("BackupPacksMissing", "backup_repository_missing_packs", CRITICAL),
  counted("BackupPacksDamaged", "backup_repository_damaged_packs", CRITICAL),
  counted("BackupPacksLost", "backup_repository_lost_packs", CRITICAL),
  counted("BackupUnrestorable", "backup_repository_unrestorable_snapshots", CRITICAL),
  counted("BackupIndexUnreadable", "backup_repository_unreadable_index_files", CRITICAL),
  {
    alert: "BackupInventoryTooOld",
    name: "no inventory for more than eight days, in another repository for seven",
    labels: U,
    series: {
      'backup_repository_inventory_timestamp_seconds{url="u"}': [
        { ago: 60 },
        { ago: 8.1 * 86_400 },
      ],
      'backup_repository_inventory_timestamp_seconds{url="v"}': { ago: 7 * 86_400 },
    },
  },
];
