import { labelText, others } from "./scenario.ts";
import type { Scenario, Series } from "./scenario.ts";

const SLOT = { expectation: "e", host: "web", user: "root" };
const E = labelText(SLOT);
const NEAR = others(SLOT);

const newest = (labels: string): string => `backup_expected_newest_timestamp_seconds{${labels}}`;
const maxAge = (labels: string): string => `backup_expected_max_age_seconds{${labels}}`;
const unmet = (labels: string, reason: string): string =>
  `backup_expectation_unmet{${labels},reason="${reason}"}`;

const FRESH = { ago: 60 };
/** The second second of time: late after ten minutes. */
const OLD = 1;

function late(labels: string, at = OLD): Series {
  return { [newest(labels)]: [FRESH, at], [maxAge(labels)]: 600 };
}

function each(labels: readonly string[], of: (labels: string) => Series): Series {
  return Object.assign({}, ...labels.map(of));
}

const UNKNOWN_NEAR = each(NEAR, (labels) => ({ [unmet(labels, "unknown")]: 1 }));
const LATE = ["BackupLate", "BackupNeverSeen", "BackupCopyLate", "BackupLateUnread"];

function unmetBy(alert: string, name: string): Scenario {
  return {
    alert,
    name: `the reason ${name}`,
    labels: E,
    series: {
      [unmet(E, name)]: [undefined, 1],
      [unmet(labelText({ ...SLOT, expectation: "f" }), "future")]: 1,
    },
  };
}

export const EXPECTATION_SCENARIOS: readonly Scenario[] = [
  {
    alert: "BackupLate",
    name: "a host is late; beside it one that is fresh, one that was never seen, one that is a copy behind, one that may be newer",
    severity: "critical",
    labels: E,
    series: {
      ...late(E),
      [unmet(E, "late")]: [undefined, 1],
      ...UNKNOWN_NEAR,
      ...late('expectation="g",host="fresh"', 100_000),
      ...late('expectation="g",host="never"', 0),
      ...late('expectation="g",host="copy"'),
      [unmet('expectation="g",host="copy"', "copies")]: 1,
      ...late('expectation="g",host="unread"'),
      [unmet('expectation="g",host="unread"', "late")]: 1,
      [unmet('expectation="g",host="unread"', "unknown")]: 1,
    },
    also: LATE,
  },
  {
    alert: "BackupLate",
    name: "both agents of a pair are late; beside it a host whose newest backup one of them knows",
    severity: "critical",
    labels: E,
    series: {
      ...late(E),
      [unmet(E, "late")]: [undefined, 1],
      [newest('expectation="g",host="web",instance="a"')]: [FRESH, OLD],
      [unmet('expectation="g",host="web",instance="a"', "late")]: [undefined, 1],
      [newest('expectation="g",host="web",instance="b"')]: FRESH,
      [maxAge('expectation="g",host="web"')]: 600,
    },
  },
  {
    alert: "BackupLate",
    name: "a host is late since the last scrape, before which the agent did not say so; beside it hosts that are late",
    severity: "critical",
    labels: E,
    series: { ...late(E), ...each(NEAR, (labels) => ({ [unmet(labels, "late")]: 1 })) },
    isSilent: true,
  },
  {
    alert: "BackupNeverSeen",
    name: "a host was never seen; beside it one that is late, and one that an agent of a pair has seen",
    severity: "critical",
    labels: E,
    series: {
      ...late(E, 0),
      ...UNKNOWN_NEAR,
      ...late('expectation="g",host="late"'),
      [newest('expectation="g",host="seen",instance="a"')]: 0,
      [newest('expectation="g",host="seen",instance="b"')]: FRESH,
      [maxAge('expectation="g",host="seen"')]: 600,
      ...late('expectation="g",host="unread"', 0),
      [unmet('expectation="g",host="unread"', "unknown")]: 1,
    },
    also: LATE,
  },
  {
    alert: "BackupCopyLate",
    name: "a copy is behind; beside it hosts that are late, and one that may have more copies",
    labels: E,
    series: {
      ...late(E),
      [unmet(E, "copies")]: [undefined, 1],
      ...UNKNOWN_NEAR,
      ...each(others(SLOT, "late"), (labels) => late(labels)),
      ...late('expectation="g",host="unread"'),
      [unmet('expectation="g",host="unread"', "copies")]: 1,
      [unmet('expectation="g",host="unread"', "unknown")]: 1,
      ...late('expectation="g",host="fresh"', 100_000),
      [unmet('expectation="g",host="fresh"', "copies")]: 1,
    },
    also: LATE,
  },
  {
    alert: "BackupLateUnread",
    name: "two hosts are late, and a repository cannot be read: one alert; other expectations are late, or not known",
    labels: 'expectation="e"',
    series: {
      ...each(
        ['expectation="e",host="a",user="u"', 'expectation="e",host="b",user="u"'],
        (slot) => ({
          ...late(slot),
          [unmet(slot, "unknown")]: [undefined, 1],
        }),
      ),
      ...late('expectation="f",host="a",user="u"'),
      ...late('expectation="h",host="x",user="u"'),
      [unmet('expectation="h",host="y",user="u"', "unknown")]: 1,
      ...late('expectation="i",host="x",user="u"'),
      [unmet('expectation="i",host="x",user="v"', "unknown")]: 1,
      [newest('expectation="k",host="x",user="u"')]: FRESH,
      [maxAge('expectation="k",host="x",user="u"')]: 600,
      [unmet('expectation="k",host="x",user="u"', "unknown")]: 1,
    },
    also: ["BackupLate"],
  },
  {
    alert: "BackupUnknown",
    name: "nothing is known of a host for six hours; beside it one that another agent knows",
    labels: 'expectation="e"',
    after: 360,
    series: {
      [unmet(E, "unknown")]: [undefined, 1],
      ...each(NEAR, (labels) => ({ [newest(labels)]: FRESH })),
      [unmet('expectation="g",host="known",user="root"', "unknown")]: 1,
      [newest('expectation="g",host="known",user="root"')]: FRESH,
    },
  },
  unmetBy("BackupTooFew", "too_few"),
  unmetBy("BackupTooSmall", "small"),
  unmetBy("BackupRetentionUnmet", "retention"),
  {
    alert: "BackupUnexpectedSets",
    severity: "info",
    name: "sets that no expectation covers",
    labels: 'url="u"',
    after: 60,
    series: { 'backup_unexpected_sets{url="u"}': [0, 2], 'backup_unexpected_sets{url="v"}': 0 },
  },
];
