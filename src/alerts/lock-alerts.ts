import type { Alert } from "./alert.ts";

const HOLDER = "The status page and the log say which host and process holds it.";

function stale(kind: string): string {
  return `max by (url, kind) (backup_repository_stale_locks{kind="${kind}"}) > 0`;
}

export const LOCK_ALERTS: readonly Alert[] = [
  {
    name: "BackupStaleLock",
    expr: stale("shared"),
    severity: "warning",
    summary: "{{ $labels.url }} has {{ $value }} stale shared locks",
    description:
      "A process that held a lock of {{ $labels.url }} ended without removing it. Backups go on, and prune and forget --prune fail.",
    hint: `${HOLDER} If it ended, run restic unlock.`,
    fires: "a shared lock was not refreshed for 30 minutes: backups go on, `prune` fails",
    needs: "locks",
  },
  {
    name: "BackupStaleExclusiveLock",
    expr: stale("exclusive"),
    severity: "critical",
    summary: "{{ $labels.url }} has a stale exclusive lock",
    description:
      "A process that held an exclusive lock of {{ $labels.url }} ended without removing it. All backups to it fail.",
    hint: `${HOLDER} If it ended, run restic unlock, and then restic check.`,
    fires: "an exclusive lock was not refreshed for 30 minutes: all backups fail",
    needs: "locks",
  },
  {
    name: "BackupLockHeld",
    // A stale lock is an alert of its own.
    expr: `time() - min by (url, kind) (backup_repository_lock_held_since_timestamp_seconds) > 2 * 86400
  unless on (url, kind) (backup_repository_stale_locks > 0)`,
    severity: "warning",
    summary: "{{ $labels.url }} is locked ({{ $labels.kind }}) for {{ humanizeDuration $value }}",
    description:
      "A living process holds a lock of {{ $labels.url }} for more than 2 days, as restic mount does. No prune can run meanwhile.",
    hint: `${HOLDER} End it.`,
    fires: "a living process holds a lock for more than 2 days: `prune` cannot run",
    needs: "locks",
  },
];
