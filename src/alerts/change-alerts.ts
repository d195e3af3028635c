import { EVENT_DAYS, recent } from "./alert.ts";
import type { Alert } from "./alert.ts";

/** More than half of a repository, and at least 5 snapshots. */
const MASS_REMOVAL = `${recent("backup_repository_last_removal_timestamp_seconds")}
  and on (url) max by (url) (backup_repository_last_removed_ratio) > 0.5
  and on (url) max by (url) (backup_repository_last_removed_snapshots) >= 5`;

const NEWEST_REMOVED = recent("backup_repository_last_newest_removal_timestamp_seconds");
const VIOLATED = recent("backup_repository_append_only_violated_timestamp_seconds");
/** A policy of forget does neither. */
const SUSPICIOUS = `(${NEWEST_REMOVED} or ${VIOLATED})`;

const REMOVED = `Within the last ${EVENT_DAYS} days`;
const EVIDENCE = "The status page and the log list them, with times, hosts and paths.";

export const CHANGE_ALERTS: readonly Alert[] = [
  {
    name: "BackupNewestRemoved",
    expr: NEWEST_REMOVED,
    severity: "warning",
    summary: "The newest snapshot of a host was removed from {{ $labels.url }}",
    description: `${REMOVED} the newest snapshot of a host and its paths was removed from {{ $labels.url }}, and no newer one is there. forget by --keep-last, -daily and so on never does that.`,
    hint: `${EVIDENCE} forget with --keep-tag or another --group-by, or a host taken out of service, may be the reason.`,
    fires: "the newest snapshot of a host and its paths was removed within the last 3 days",
  },
  {
    name: "BackupMassRemoval",
    expr: `${MASS_REMOVAL}
  unless on (url) ${SUSPICIOUS}`,
    severity: "warning",
    summary: "More than half of the snapshots of {{ $labels.url }} were removed",
    description: `${REMOVED} more than half of the snapshots of {{ $labels.url }}, and at least 5, were removed at once. No newest snapshot was among them: a first forget does that, and a wrong policy.`,
    hint: `${EVIDENCE} If it was no forget of yours, run no prune: until then the data is there.`,
    fires:
      "more than half of the snapshots of a repository, at least 5, were removed at once within the last 3 days",
  },
  {
    name: "BackupMassRemoval",
    expr: `${MASS_REMOVAL}
  and on (url) ${SUSPICIOUS}`,
    severity: "critical",
    summary:
      "More than half of the snapshots of {{ $labels.url }} were removed, newest ones among them",
    description: `${REMOVED} more than half of the snapshots of {{ $labels.url }}, and at least 5, were removed at once, newest ones among them or against appendOnly.`,
    hint: `Stop prune and forget: until a prune the data is there. ${EVIDENCE}`,
    fires: "the same, with a newest snapshot among them, or against `appendOnly`",
  },
  {
    name: "BackupSnapshotsRewritten",
    expr: recent("backup_repository_last_rewrite_timestamp_seconds"),
    severity: "warning",
    summary: "Snapshots of {{ $labels.url }} were rewritten with other content",
    description: `${REMOVED} snapshots of {{ $labels.url }} were replaced by ones with other content, as restic rewrite does.`,
    hint: EVIDENCE,
    fires: "snapshots were replaced by ones with other content within the last 3 days",
  },
  {
    name: "BackupKeyAdded",
    expr: recent('backup_repository_keys_changed_timestamp_seconds{change="added"}'),
    severity: "warning",
    summary: "A key was added to {{ $labels.url }}",
    description: `${REMOVED} a key was added to {{ $labels.url }}: there is one more password that opens it.`,
    hint: "restic key list shows who added it and when. If it was none of yours, remove it, and change the password.",
    fires: "a key was added to a repository within the last 3 days",
  },
  {
    name: "BackupAppendOnlyViolated",
    expr: VIOLATED,
    severity: "critical",
    summary: "Snapshots or keys were removed from the append-only {{ $labels.url }}",
    description: `${REMOVED} something was removed from {{ $labels.url }}, whose entry says appendOnly.`,
    hint: `Check that the storage still enforces append-only. ${EVIDENCE} If someone runs forget there, take appendOnly out of the entry.`,
    fires: "something was removed from a repository with `appendOnly` within the last 3 days",
    needs: "appendOnly",
  },
];
