import type { Scenario } from "./scenario.ts";
import { counted, CRITICAL, happened, U } from "./url-scenarios.ts";

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
  {
    alert: "BackupSetsHidden",
    name: "slots of expectations are hidden",
    labels: "",
    after: 10,
    series: { backup_hidden_slots: [0, 3] },
  },
  happened("BackupBackdated", "backup_repository_last_backdated_timestamp_seconds"),
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
