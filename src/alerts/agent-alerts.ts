import type { Alert } from "./alert.ts";

export const AGENT_ALERTS: readonly Alert[] = [
  {
    name: "BackupAgentDown",
    expr: 'max by (job) (up{job="restic-otel"}) == 0',
    for: "5m",
    outlivesAgent: true,
    severity: "critical",
    summary: "No agent of job {{ $labels.job }} can be scraped",
    description:
      "Prometheus cannot scrape any restic-otel agent of the job {{ $labels.job }}. No other rule on their metrics can fire.",
    hint: "Check that the agent runs, and that Prometheus reaches it. Its log says why it ended.",
    fires: "Prometheus cannot scrape any agent for 5 minutes",
    needs: "prometheus",
  },
  {
    name: "BackupAgentAbsent",
    // An agent that was started knows no collection yet; an application that embeds the gauges has no build_info.
    expr: `absent(backup_job_last_success_unixtime or restic_otel_build_info)
  unless on () (count(up{job="restic-otel"} == 0))`,
    for: "15m",
    outlivesAgent: true,
    severity: "critical",
    summary: "No restic-otel agent reports metrics",
    description:
      "Prometheus has received no metrics of any agent for 15 minutes. No other rule on them can fire.",
    hint: "Check that an agent runs, that Prometheus has it as a target, or that its pushes arrive.",
    fires: "no agent reports metrics for 15 minutes, by scrape or push",
  },
  {
    name: "BackupAgentMissing",
    // absent() sees only the last of several agents: these see each target, each job and each shard.
    expr: `count by (job) (up{job="restic-otel"} == 0) and on () (up{job="restic-otel"} == 1)
or
(
  max by (job) (max_over_time(backup_job_last_success_unixtime[14d:1h]))
    unless on (job) backup_job_last_success_unixtime
    unless on (job) restic_otel_build_info
    unless on (job) (up{job="restic-otel"} == 0)
) and on () (count(backup_job_last_success_unixtime))
or
(
  max by (index, total) (max_over_time(restic_otel_shard_info[14d:1h]))
    unless on (index, total) restic_otel_shard_info
    unless on () (up{job="restic-otel"} == 0)
) and on (total) restic_otel_shard_info`,
    for: "15m",
    outlivesAgent: true,
    severity: "critical",
    summary: "One of several restic-otel agents reports no metrics",
    description:
      "An agent of job {{ $labels.job }}{{ with $labels.index }} or shard {{ . }}{{ end }} reported within the last 14 days and reports nothing now, while others do.",
    hint: "Start the agent. If it was taken away for good, silence this alert for 14 days, or remove its target.",
    fires: "one of several agents (by target, `job` or shard) reports nothing for 15 minutes",
  },
  {
    name: "BackupAgentRestarting",
    expr: `max by (job) (
  changes(process_start_time_seconds[1h]) and on (job, instance) restic_otel_build_info
) > 3`,
    severity: "warning",
    summary: "An agent of job {{ $labels.job }} restarts in a loop",
    description: "It was restarted {{ $value }} times within an hour.",
    hint: "Its log says why it ends; an end without a line is often a memory limit.",
    fires: "an agent was restarted more than 3 times within an hour",
  },
  {
    name: "BackupCollectionTooOld",
    // An agent that has never finished one is judged by its start.
    expr: `max by (job) (
  time() - backup_job_last_success_unixtime
    or on (job, instance)
  time() - (process_start_time_seconds and on (job, instance) restic_otel_build_info)
) > 36 * 3600`,
    severity: "warning",
    summary: "An agent has finished no collection for {{ humanizeDuration $value }}",
    description: "All backup metrics are as old as the last collection.",
    hint: "The log of the agent says which repository it waits for. If cron collects less often than daily, raise the limit of this rule.",
    fires: "an agent has finished no collection for 36 hours",
  },
  {
    name: "BackupAgentClockAhead",
    expr: "max by (job) (backup_job_last_success_unixtime) - time() > 300",
    for: "10m",
    severity: "warning",
    summary:
      "The clock of an agent of job {{ $labels.job }} is {{ humanizeDuration $value }} ahead",
    description:
      "The last collection ended in the future, by the clock of Prometheus. The ages that the agent computes are wrong.",
    hint: "Set the clock of the agent's machine, or that of Prometheus.",
    fires: "the clock of an agent is more than 5 minutes ahead of Prometheus' clock",
  },
  {
    name: "BackupNoRepositories",
    expr: "max by (job) (restic_otel_repositories) == 0",
    for: "5m",
    severity: "warning",
    summary: "An agent of job {{ $labels.job }} has no repositories to collect",
    description: "The settings of the agent name no enabled repository. Nothing is monitored.",
    hint: "Add repositories to its settings, or enable one.",
    fires: "the settings name no enabled repository",
  },
  {
    name: "BackupReloadFailed",
    expr: "min by (job) (restic_otel_config_last_reload_successful) == 0",
    for: "5m",
    severity: "warning",
    summary: "An agent of job {{ $labels.job }} refused its settings",
    description: "The last reload of the settings failed: the previous settings are in effect.",
    hint: "restic-otel --check-config names the problems.",
    fires: "the last reload of the settings failed",
  },
  {
    name: "BackupVaultDown",
    expr: "min by (job) (restic_otel_vault_up) == 0",
    for: "15m",
    severity: "warning",
    summary: "Vault does not serve an agent of job {{ $labels.job }}",
    description:
      "Vault refused the login or the token of the agent, failed, or cannot be reached. Secrets that are known stay in use; a changed one is not seen.",
    hint: "The log of the agent has the answer of Vault. Check its address, the login and the policy.",
    fires: "Vault refuses the agent or cannot be reached for 15 minutes",
    needs: "vault",
  },
  {
    name: "BackupPushFailing",
    expr: "min by (endpoint) (restic_otel_otlp_up) == 0",
    for: "15m",
    severity: "warning",
    summary: "Pushes to {{ $labels.endpoint }} fail",
    description:
      "The receiver at {{ $labels.endpoint }} accepts no metrics, or not all of them. This rule needs another way by which the metrics arrive; without one BackupAgentAbsent fires.",
    hint: "The log of the agent has the answer of the receiver.",
    fires:
      "the pushes to one receiver fail for 15 minutes, while the metrics still arrive by another way",
    needs: "otlp",
  },
];
