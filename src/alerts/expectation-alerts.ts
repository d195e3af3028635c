import type { Alert } from "./alert.ts";

const SLOT = "expectation, host, user";
const UNKNOWN = 'backup_expectation_unmet{reason="unknown"}';
const WHO =
  "{{ with $labels.host }} by {{ . }}{{ end }}{{ with $labels.user }} as {{ . }}{{ end }}";
const UNREAD = "A repository cannot be read, and could have a newer one";

/** Of several agents the one that knows the newest snapshot counts. */
const NEWEST = `max by (${SLOT}) (backup_expected_newest_timestamp_seconds)`;

function late(newest: string): string {
  return `time() - ${newest}
  > max by (${SLOT}) (backup_expected_max_age_seconds)`;
}

function unmet(reason: string): string {
  return `max by (${SLOT}) (backup_expectation_unmet{reason="${reason}"}) > 0`;
}

export const EXPECTATION_ALERTS: readonly Alert[] = [
  {
    name: "BackupLate",
    // By the clock alone a snapshot is late before the next scrape: then the agent says whether a repository could have a newer one.
    expr: `${late(`(${NEWEST} > 0)`)}
  and on (${SLOT}) backup_expectation_unmet{reason="late"}
  unless on (${SLOT}) backup_expectation_unmet{reason=~"unknown|copies"}`,
    severity: "critical",
    summary: `No fresh backup for {{ $labels.expectation }}${WHO}`,
    description:
      "The newest snapshot that meets the expectation {{ $labels.expectation }} is {{ humanizeDuration $value }} old, and its maxAge is shorter.",
    hint: "Check whether the backup job still runs on that host. The status page says which snapshot is the newest, and why newer ones do not count.",
    fires: "the newest snapshot of an expectation is older than its `maxAge`",
    needs: "expect",
  },
  {
    name: "BackupNeverSeen",
    expr: `${late(`(${NEWEST} == 0)`)}
  unless on (${SLOT}) ${UNKNOWN}`,
    severity: "critical",
    summary: `There was never a backup for {{ $labels.expectation }}${WHO}`,
    description:
      "Every repository of the expectation {{ $labels.expectation }} was read, and none has a snapshot that meets it.",
    hint: "Check that the backup job was set up, and that host, user, paths and tags of the expectation are written as in restic snapshots.",
    fires: "no repository has a snapshot that meets an expectation",
    needs: "expect",
  },
  {
    name: "BackupCopyLate",
    expr: `${late(NEWEST)}
  and on (${SLOT}) backup_expectation_unmet{reason="copies"}
  unless on (${SLOT}) ${UNKNOWN}`,
    severity: "warning",
    summary: `Too few fresh copies for {{ $labels.expectation }}${WHO}`,
    description:
      "There is a fresh snapshot for the expectation {{ $labels.expectation }}, but not in as many repositories as its copies says.",
    hint: "Check the job that copies, or the second backup job. The status page shows which repository is behind.",
    fires: "a fresh snapshot is in fewer repositories than `copies` says",
    needs: "expect",
  },
  {
    name: "BackupLateUnread",
    // One alert for each expectation: the repository that fails has one as well.
    expr: `count by (expectation) (
  ${late(NEWEST).replaceAll("\n", "\n  ")}
    and on (${SLOT}) ${UNKNOWN}
)`,
    severity: "warning",
    summary: "{{ $value }} backups for {{ $labels.expectation }} are late as far as is known",
    description: `The newest snapshots that are known of {{ $value }} hosts or users of the expectation {{ $labels.expectation }} are too old. ${UNREAD}.`,
    hint: "Make the repository readable first: BackupRepositoryUnreadable names it.",
    fires:
      "snapshots of an expectation are too old, but a repository cannot be read, and could have newer ones",
    needs: "expect",
  },
  {
    name: "BackupUnknown",
    // An agent of a pair that knows it is enough.
    expr: `count by (expectation) (
  max by (${SLOT}) (${UNKNOWN})
    unless on (${SLOT}) backup_expected_newest_timestamp_seconds
)`,
    for: "6h",
    severity: "warning",
    summary: "{{ $value }} backups for {{ $labels.expectation }} are not known",
    description: `For 6 hours nothing can be said of {{ $value }} hosts or users of the expectation {{ $labels.expectation }}. ${UNREAD}.`,
    hint: "Make the repository readable. With stateDir an agent knows over a restart what it knew before.",
    fires: "nothing can be said of an expectation for 6 hours, since a repository was never read",
    needs: "expect",
  },
  {
    name: "BackupTooFew",
    expr: unmet("too_few"),
    severity: "warning",
    summary: `Too few snapshots for {{ $labels.expectation }}${WHO}`,
    description:
      "There are fewer snapshots for the expectation {{ $labels.expectation }} than its minSnapshots.",
    hint: "Check which forget removed them: its policy, or another one with other groups.",
    fires: "an expectation has fewer snapshots than `minSnapshots`",
    needs: "expect",
  },
  {
    name: "BackupTooSmall",
    expr: unmet("small"),
    severity: "warning",
    summary: `The newest backup for {{ $labels.expectation }}${WHO} is too small`,
    description:
      "The newest snapshot for the expectation {{ $labels.expectation }} is below its minFiles or minBytes, and does not count.",
    hint: "Check that every source is mounted and that the job names the right folders.",
    fires: "the newest snapshot of an expectation is below `minFiles` or `minBytes`",
    needs: "expect",
  },
  {
    name: "BackupUnexpectedSets",
    expr: "max by (url) (backup_unexpected_sets) > 0",
    for: "1h",
    severity: "info",
    summary: "{{ $value }} backup sets of {{ $labels.url }} are in no expectation",
    description:
      "{{ $labels.url }} has {{ $value }} backup sets that no expectation covers and that are not retired: if they stop, only BackupSetTooOld says so.",
    hint: "Add them to expect or retired; restic-otel suggest writes a first version. Leave this rule out if most sets are not to be expected.",
    fires: "a repository has backup sets that no expectation covers",
    needs: "expect",
  },
];
