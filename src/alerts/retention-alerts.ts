import type { Alert } from "./alert.ts";

export const RETENTION_ALERTS: readonly Alert[] = [
  {
    name: "BackupRetentionUnmet",
    expr: 'max by (expectation, host, user) (backup_expectation_unmet{reason="retention"}) > 0',
    severity: "warning",
    summary:
      "Older snapshots for {{ $labels.expectation }}{{ with $labels.host }} by {{ . }}{{ end }} are missing",
    description:
      "Fewer of the last calendar periods have a snapshot than the retention of the expectation {{ $labels.expectation }} requires. backup_retention_periods has the numbers.",
    hint: "The status page shows the last 30 days of the set. Check which forget removed the snapshots, or when no backup ran.",
    fires: "fewer calendar periods have a snapshot than `retention` requires",
    needs: "retention",
  },
  {
    name: "BackupForgetMissing",
    // Also an agent that is new must have seen 8 days.
    expr: `min_over_time(max by (url, expectation) (backup_retention_removable_snapshots)[8d:1h]) > 0
  and on (url, expectation) (backup_retention_removable_snapshots offset 8d)
  and on (url, expectation) backup_retention_removable_snapshots`,
    severity: "warning",
    summary:
      "forget removes nothing from {{ $labels.url }} that the policy of {{ $labels.expectation }} would remove",
    description:
      "For 8 days there were always snapshots in {{ $labels.url }} that restic forget with the retention of the expectation {{ $labels.expectation }} would remove: at least {{ $value }}.",
    hint: "Check that forget runs, and its --group-by: with a new path in each run it never matches.",
    fires:
      "for 8 days snapshots are there that `forget` with this `retention` would remove: it does not run, or does not match",
    needs: "retention",
  },
];
