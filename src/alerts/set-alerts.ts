import type { Alert } from "./alert.ts";

const SET = "url, host, user";
const WHO = "{{ $labels.user }}@{{ $labels.host }}";

export const SET_ALERTS: readonly Alert[] = [
  {
    name: "BackupSetTooOld",
    // A set that an expectation covers, or that is retired, is judged by the expectation. Of several agents the one that knows the newest
    // snapshot counts.
    expr: `min by (${SET}) (backup_days_age) > 3 unless on (${SET}) backup_set_judged`,
    severity: "warning",
    summary: `No backup of ${WHO} for {{ $value }} days`,
    description: `The newest snapshot of ${WHO} in {{ $labels.url }} is {{ $value }} days old.`,
    hint: "Check whether the backup job still runs on that host. A host that is gone belongs in retired.",
    fires:
      "the newest snapshot of a set is more than 3 whole days old, and no expectation covers the set",
  },
  {
    name: "BackupSetsVanished",
    expr: "max by (url) (backup_repository_vanished_sets) > 0",
    severity: "critical",
    summary: "{{ $value }} backup sets of {{ $labels.url }} have no snapshot left",
    description:
      "{{ $value }} backup sets of {{ $labels.url }} had snapshots within the last 90 days and have none now. The status page names them.",
    hint: "Find out who removed the last snapshots. If that was intended, name the hosts in retired.",
    fires:
      "a set had snapshots within the last 90 days and has none, while its repository can be read",
    needs: "stateDir",
  },
  {
    name: "BackupSetVanished",
    // Only while the repository can be read, so that an outage of the agent or the repository is not a loss. An agent with a stateDir
    // knows it better.
    expr: `(
  max by (${SET}) (max_over_time(backup_snapshot_count[14d:1h]))
    unless on (${SET}) backup_snapshot_count
) and on (url) (max by (url) (backup_repository_up) == 1)
  unless on (url) backup_repository_vanished_sets`,
    for: "10m",
    severity: "critical",
    summary: `${WHO} has no snapshot left`,
    description: `{{ $labels.url }} had {{ $value }} snapshots of ${WHO} within the last 14 days and has none now.`,
    hint: "Find out who removed the last snapshots. If that was intended, silence this alert for 14 days.",
    fires: "the same within 14 days, for an agent without `stateDir`",
    needs: "noStateDir",
  },
  {
    name: "BackupSetInFuture",
    expr: `max by (${SET}) (backup_newest_timestamp) > time() + 3600`,
    severity: "warning",
    summary: `A snapshot of ${WHO} is dated in the future`,
    description: `The newest snapshot of ${WHO} in {{ $labels.url }} has a time in the future, so its age cannot show that backups stopped.`,
    hint: "Set the clock of the host, and forget the snapshot.",
    fires: "the newest snapshot of a set is dated more than an hour ahead",
  },
  {
    name: "BackupEmpty",
    // Where an expectation covers the set, it says whether the newest snapshot that it is about is empty.
    expr: `max by (${SET}) (backup_last_files) == 0 unless on (${SET}) backup_set_judged
or
max by (expectation, host, user) (backup_expectation_unmet{reason="empty"})`,
    severity: "warning",
    summary: `The newest backup of ${WHO} has no files`,
    description:
      "The newest snapshot of {{ $labels.host }}{{ with $labels.url }} in {{ . }}{{ end }}{{ with $labels.expectation }}, for the expectation {{ . }},{{ end }} has no files: its source was empty or not mounted.",
    hint: "Check that the source is mounted and that the job names the right folders.",
    fires: "the newest snapshot of a set has no files",
  },
  {
    name: "BackupShrunk",
    // An empty one is BackupEmpty. Only while the snapshot is new: a set that is silent is not shrinking.
    expr: `(
  (
    max by (${SET}) (backup_last_files > 0) < 0.5 * max by (${SET}) (backup_recent_median_files)
  ) or (
    max by (${SET}) (backup_last_processed_bytes)
      < 0.5 * max by (${SET}) (backup_recent_median_processed_bytes)
    unless on (${SET}) (backup_last_files == 0)
  )
) and on (${SET}) (backup_newest_timestamp > time() - 7 * 86400)`,
    severity: "warning",
    summary: `The newest backup of ${WHO} is less than half as large as before`,
    description: `The newest snapshot of ${WHO} in {{ $labels.url }} has fewer than half of the files or bytes of the five before it with the same paths.`,
    hint: "Check that every source is mounted and that no exclude grew. It ends when smaller backups are the rule.",
    fires:
      "the newest snapshot of a set, at most 7 days old, has fewer than half of the files or bytes of those before it",
  },
];
