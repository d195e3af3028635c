import type { Alert } from "./alert.ts";

/** An alert on a number of files that was confirmed by a second look. */
function found(
  metric: string,
  alert: Pick<Alert, "name" | "summary" | "description" | "hint" | "fires">,
): Alert {
  const expr = `max by (url) (${metric}) > 0`;
  return { ...alert, expr, severity: "critical", needs: "inventory" };
}

const REPAIR =
  "Stop forget and prune, make a copy of the repository, and follow the page on troubleshooting of restic's manual.";

export const INVENTORY_ALERTS: readonly Alert[] = [
  found("backup_repository_missing_packs", {
    name: "BackupPacksMissing",
    summary: "{{ $value }} pack files of {{ $labels.url }} are missing",
    description:
      "The index of {{ $labels.url }} names {{ $value }} pack files that are not there. Snapshots that need them cannot be restored.",
    hint: `Run restic check. ${REPAIR}`,
    fires: "pack files that the index names are missing",
  }),
  found("backup_repository_damaged_packs", {
    name: "BackupPacksDamaged",
    summary: "{{ $value }} pack files of {{ $labels.url }} have a wrong size",
    description:
      "{{ $value }} pack files of {{ $labels.url }} have another size than the index says: they are cut or damaged.",
    hint: `Run restic check --read-data-subset. ${REPAIR}`,
    fires: "pack files have another size than the index says",
  }),
  found("backup_repository_lost_packs", {
    name: "BackupPacksLost",
    summary: "{{ $value }} pack files of {{ $labels.url }} are in no index any more",
    description:
      "{{ $value }} pack files of {{ $labels.url }} are there and were in the index before: an index file was lost.",
    hint: "Run restic check, and then restic repair index: it reads the packs again.",
    fires: "pack files are in no index file any more, and are still there: an index file was lost",
  }),
  found("backup_repository_unrestorable_snapshots", {
    name: "BackupUnrestorable",
    summary: "{{ $value }} snapshots of {{ $labels.url }} cannot be restored",
    description: "The root of {{ $value }} snapshots of {{ $labels.url }} is in no index file.",
    hint: `Run restic check, and then restic repair index. ${REPAIR}`,
    fires: "a snapshot cannot be restored: its root is in no index file",
  }),
  found("backup_repository_unreadable_index_files", {
    name: "BackupIndexUnreadable",
    summary: "{{ $value }} index files of {{ $labels.url }} cannot be read",
    description:
      "{{ $value }} index files of {{ $labels.url }} cannot be read, verified or parsed. restic does not open such a repository.",
    hint: "Run restic check, and then restic repair index.",
    fires: "an index file cannot be read or verified",
  }),
  {
    name: "BackupInventoryTooOld",
    expr: "time() - max by (url) (backup_repository_inventory_timestamp_seconds) > 8 * 86400",
    severity: "warning",
    summary: "No inventory of {{ $labels.url }} for {{ humanizeDuration $value }}",
    description:
      "The numbers of missing and damaged files of {{ $labels.url }} are as old as the last complete inventory.",
    hint: "The log of the agent says why it fails. If inventory.every is longer than a week, raise the limit of this rule.",
    fires: "no inventory was completed for 8 days",
    needs: "inventory",
  },
];
