import { recent } from "./alert.ts";
import type { Alert } from "./alert.ts";

/** The hours that a repository was at a URL, within 14 days. */
const HOURS = "max by (url, id) (count_over_time(backup_repository_info[14d:1h]))";

export const REPOSITORY_ALERTS: readonly Alert[] = [
  {
    name: "BackupRepositoryUnreadable",
    // The class of the failure may alternate: backup_repository_error has it as a label.
    expr: "min by (url) (backup_repository_up) == 0",
    for: "30m",
    severity: "warning",
    summary: "{{ $labels.url }} cannot be read",
    description:
      "For 30 minutes an agent could not open or list {{ $labels.url }}. The ages of its backup sets go on growing.",
    hint: "The status page names the class of the failure and what to do: the page on troubleshooting has the same table.",
    fires:
      "a repository cannot be opened or listed for 30 minutes, whatever the class of the failure",
  },
  {
    name: "BackupSnapshotsUnreadable",
    expr: "max by (url) (backup_repository_unreadable_snapshots) > 0",
    for: "30m",
    severity: "warning",
    summary: "{{ $value }} snapshot files of {{ $labels.url }} cannot be read",
    description:
      "{{ $value }} snapshot files of {{ $labels.url }} cannot be read, verified or parsed. All others are still shown.",
    hint: "The status page names the files. Run restic check; restic cannot restore a damaged snapshot.",
    fires: "snapshot files of a repository cannot be read or verified for 30 minutes",
  },
  {
    name: "BackupRepositoryEmpty",
    expr: "max by (url) (backup_repository_snapshots) == 0",
    severity: "critical",
    summary: "{{ $labels.url }} has no snapshots",
    description: "The repository {{ $labels.url }} can be read and has no snapshots.",
    hint: "Check that the address is right and that nothing deleted them.",
    fires: "a repository can be read and has no snapshots",
  },
  {
    name: "BackupRepositoryReplaced",
    // Backups of the same hosts in the new repository hide that the old ones are gone. One that was there for a shorter time than the
    // present one was itself the wrong one.
    expr: `(${HOURS} unless on (url, id) backup_repository_info)
  and on (url) backup_repository_info
  unless on (url, id) (
    ${HOURS}
      < on (url) group_left ()
    max by (url) (${HOURS} and on (url, id) backup_repository_info)
  )`,
    for: "10m",
    severity: "critical",
    summary: "{{ $labels.url }} is another repository than before",
    description:
      "Within the last 14 days the repository {{ $labels.id }} was at {{ $labels.url }}, and now there is another one: all snapshots of the old one are gone from there.",
    hint: "Find out who ran restic init. If that was intended, silence this alert for 14 days.",
    fires:
      "another repository, with another id, is at a URL: its backups of the same hosts hide that the old ones are gone",
  },
  {
    name: "BackupSetsHidden",
    // Late or not: rules on backup sets do not see them.
    expr: "max by (url) (backup_repository_hidden_sets) > 0 or max(backup_hidden_slots) > 0",
    for: "10m",
    severity: "warning",
    summary:
      "{{ $value }} {{ with $labels.url }}backup sets or groups of {{ . }}{{ else }}slots of expectations{{ end }} are not shown",
    description:
      "There are more than maxSets or maxSlots allows. The hidden ones have no metrics, late or not, so that no rule sees them.",
    hint: "Raise the setting, or make one host of many by rename.",
    fires:
      "a repository has more backup sets or groups than `maxSets`, or the expectations have more slots than `maxSlots`: those above have no metrics, late or not",
  },
  {
    name: "BackupBackdated",
    expr: recent("backup_repository_last_backdated_timestamp_seconds"),
    severity: "warning",
    summary: "A backdated snapshot appeared in {{ $labels.url }}",
    description:
      "Within the last 3 days a snapshot appeared in {{ $labels.url }} whose time is not that of its backup: made with --time, by rewrite --new-time, or under a wrong clock. Such snapshots can make forget remove real ones. backup_backdated_snapshots names the backup set.",
    hint: "Run no forget until you know who wrote it. If restic copy writes to this repository, set receivesCopies in its entry.",
    fires: "a [backdated](#backdated-snapshots) snapshot appeared within the last 3 days",
  },
];
