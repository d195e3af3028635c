import { labelText, others } from "./scenario.ts";
import type { Scenario, Series } from "./scenario.ts";

const SET = { host: "web", url: "u", user: "root" };
const S = labelText(SET);
const NEAR = others(SET);

function near(metric: string, value: number): Series {
  return Object.fromEntries(NEAR.map((labels) => [`${metric}{${labels}}`, value]));
}

const beside = (host: string): string => labelText({ ...SET, host });

/** A set whose newest snapshot is new, with its files or bytes and their medians. */
function sized(
  labels: string,
  files: readonly [number, number],
  bytes: readonly [number, number] = [100, 100],
): Series {
  return {
    [`backup_newest_timestamp{${labels}}`]: { ago: 3600 },
    [`backup_last_files{${labels}}`]: files,
    [`backup_recent_median_files{${labels}}`]: 100,
    [`backup_last_processed_bytes{${labels}}`]: bytes,
    [`backup_recent_median_processed_bytes{${labels}}`]: 100,
  };
}

const ALL: readonly [number, number] = [100, 100];

export const SET_SCENARIOS: readonly Scenario[] = [
  {
    alert: "BackupSetTooOld",
    name: "a set is four days old; beside it one that an expectation covers, and one whose newest snapshot an agent knows",
    labels: S,
    series: {
      [`backup_days_age{${S}}`]: [3, 4],
      ...near("backup_set_judged", 1),
      [`backup_days_age{${beside("judged")}}`]: 9,
      [`backup_set_judged{${beside("judged")}}`]: 1,
      [`backup_days_age{${beside("pair")},instance="a"}`]: 9,
      [`backup_days_age{${beside("pair")},instance="b"}`]: 1,
    },
  },
  {
    alert: "BackupSetsVanished",
    severity: "critical",
    name: "sets have no snapshot left",
    labels: 'url="u"',
    series: {
      'backup_repository_vanished_sets{url="u"}': [0, 2],
      'backup_repository_vanished_sets{url="v"}': 0,
    },
  },
  {
    alert: "BackupSetVanished",
    severity: "critical",
    name: "a set has no snapshot left; beside it one whose repository cannot be read, and one of an agent that knows it better",
    labels: S,
    after: 10,
    also: ["BackupRepositoryUnreadable"],
    series: {
      [`backup_snapshot_count{${S}}`]: [3, undefined],
      'backup_repository_up{url="u"}': 1,
      ...near("backup_snapshot_count", 1),
      'backup_snapshot_count{host="web",url="away",user="root"}': [3, undefined],
      'backup_repository_up{url="away"}': [1, 0],
      'backup_snapshot_count{host="web",url="known",user="root"}': [3, undefined],
      'backup_repository_up{url="known"}': 1,
      'backup_repository_vanished_sets{url="known"}': 0,
    },
  },
  {
    alert: "BackupSetInFuture",
    name: "a snapshot is dated two hours ahead, beside one that is 50 minutes ahead",
    labels: S,
    series: {
      [`backup_newest_timestamp{${S}}`]: [{ ago: 60 }, { ago: -7200 }],
      [`backup_newest_timestamp{${beside("ahead")}}`]: { ago: -3000 },
    },
  },
  {
    alert: "BackupEmpty",
    name: "the newest snapshot of a set has no files; beside it one that an expectation judges",
    labels: S,
    series: {
      [`backup_last_files{${S}}`]: [5, 0],
      ...near("backup_set_judged", 1),
      [`backup_last_files{${beside("judged")}}`]: 0,
      [`backup_set_judged{${beside("judged")}}`]: 1,
    },
  },
  {
    alert: "BackupEmpty",
    name: "the newest snapshot of an expectation has no files; beside it one that is small",
    labels: 'expectation="e",host="web",user="root"',
    series: {
      'backup_expectation_unmet{expectation="e",host="web",user="root",reason="empty"}': [
        undefined,
        1,
      ],
      'backup_expectation_unmet{expectation="f",host="web",user="root",reason="small"}': 1,
    },
    also: ["BackupTooSmall"],
  },
  {
    alert: "BackupShrunk",
    name: "a source lost more than half of its files; beside it others that lost fewer, all, or lost them long ago",
    labels: S,
    series: {
      ...sized(S, [100, 40]),
      ...sized(beside("fewer"), [60, 60], [60, 60]),
      ...sized(beside("empty"), [0, 0], [0, 0]),
      ...Object.assign({}, ...NEAR.map((labels) => sized(labels, [40, 40]))),
      ...Object.fromEntries(
        NEAR.map((labels) => [`backup_newest_timestamp{${labels}}`, { ago: 8 * 86_400 }]),
      ),
    },
    also: ["BackupEmpty"],
  },
  {
    alert: "BackupShrunk",
    name: "a source has all of its files, and less than half of its bytes; beside it an empty one, and one that is silent",
    labels: S,
    series: {
      ...sized(S, ALL, [100, 40]),
      ...near("backup_last_files", 0),
      ...sized(beside("empty"), [0, 0], [0, 0]),
      ...sized(beside("silent"), ALL, [40, 40]),
      [`backup_newest_timestamp{${beside("silent")}}`]: { ago: 8 * 86_400 },
      ...Object.fromEntries(
        NEAR.flatMap((labels) => [
          [`backup_last_processed_bytes{${labels}}`, 40],
          [`backup_recent_median_processed_bytes{${labels}}`, 100],
        ]),
      ),
    },
    also: ["BackupEmpty"],
  },
];
