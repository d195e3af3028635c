import type { Scenario } from "./scenario.ts";

const JOB = 'job="restic-otel"';
const A = `${JOB},instance="a"`;
const B = `${JOB},instance="b"`;
const C = `${JOB},instance="c"`;

const LAST = "backup_job_last_success_unixtime";
const NOW = { ago: 30 };

/** The series that each agent has while all is well. */
export const BASE: Scenario["series"] = {
  up: 1,
  [LAST]: NOW,
  restic_otel_build_info: 1,
  process_start_time_seconds: 1,
  restic_otel_repositories: 3,
  restic_otel_config_last_reload_successful: 1,
};

const GONE = Object.fromEntries(
  Object.entries(BASE).map(([name, value]) => [name, [value, undefined] as const]),
);

export const AGENT_SCENARIOS: readonly Scenario[] = [
  {
    alert: "BackupAgentDown",
    severity: "critical",
    name: "no agent can be scraped; another job is up",
    labels: JOB,
    after: 5,
    series: { ...GONE, up: [1, 0], 'up{job="other",instance="x"}': 1 },
  },
  {
    alert: "BackupAgentAbsent",
    severity: "critical",
    name: "an agent that pushes is gone; another job is down",
    labels: "",
    after: 15,
    series: { ...GONE, 'up{job="other",instance="x"}': 0 },
  },
  {
    alert: "BackupAgentAbsent",
    severity: "critical",
    name: "an agent is in its first collection",
    labels: "",
    isSilent: true,
    after: 15,
    series: { ...GONE, restic_otel_build_info: 1 },
  },
  {
    alert: "BackupAgentAbsent",
    severity: "critical",
    name: "an application embeds the gauges",
    labels: "",
    isSilent: true,
    after: 15,
    series: { ...GONE, [LAST]: NOW },
  },
  ...(["BackupAgentAbsent", "BackupAgentMissing"] as const).map((alert): Scenario => ({
    alert,
    severity: "critical",
    name: "all targets are down: BackupAgentDown says so",
    labels: "",
    isSilent: true,
    after: 15,
    also: ["BackupAgentDown"],
    series: { ...GONE, up: [1, 0] },
  })),
  {
    alert: "BackupAgentMissing",
    severity: "critical",
    name: "one of three targets is down, and with it the agent of a shard",
    labels: JOB,
    after: 15,
    series: {
      [`up{${C}}`]: [1, 0],
      [`restic_otel_build_info{${C}}`]: [1, undefined],
      [`restic_otel_shard_info{${A},index="0",total="2"}`]: 1,
      [`restic_otel_shard_info{${C},index="1",total="2"}`]: [1, undefined],
    },
  },
  {
    alert: "BackupAgentMissing",
    severity: "critical",
    name: "the agent of another job is gone; a third one is in its first collection, the first ones are down",
    labels: 'job="east"',
    after: 15,
    also: ["BackupAgentDown"],
    series: {
      ...GONE,
      up: [1, 0],
      [`${LAST}{job="south",instance="x"}`]: NOW,
      [`${LAST}{job="east",instance="x"}`]: [NOW, undefined],
      [`${LAST}{job="west",instance="x"}`]: [NOW, undefined],
      'restic_otel_build_info{job="west",instance="x"}': 1,
      'process_start_time_seconds{job="west",instance="x"}': 1,
    },
  },
  {
    alert: "BackupAgentMissing",
    severity: "critical",
    name: "both agents of a shard are gone; another total is gone with all of its shards",
    labels: 'index="1",total="2"',
    after: 15,
    series: {
      'restic_otel_shard_info{index="0",total="2"}': 1,
      'restic_otel_shard_info{index="1",total="2"}': [1, undefined],
      'restic_otel_shard_info{index="1",total="3"}': 1,
      'restic_otel_shard_info{index="0",total="4"}': [1, undefined],
    },
  },
  {
    alert: "BackupAgentRestarting",
    name: "an agent starts every minute; so does a database",
    labels: JOB,
    after: 3,
    series: {
      [`process_start_time_seconds{${A}}`]: [1, { ago: 5 }],
      'process_start_time_seconds{job="database",instance="a"}': { ago: 5 },
      [`process_start_time_seconds{${JOB},instance="database"}`]: { ago: 5 },
    },
  },
  {
    alert: "BackupCollectionTooOld",
    name: "one agent hangs in a collection; another one is in its first one, and fresh",
    labels: JOB,
    series: {
      [`${LAST}{${A}}`]: [NOW, { ago: 37 * 3600 }],
      [`${LAST}{job="new",instance="x"}`]: { ago: 35 * 3600 },
      'restic_otel_build_info{job="new",instance="x"}': 1,
      'process_start_time_seconds{job="new",instance="x"}': -50 * 3600,
      'process_start_time_seconds{job="database",instance="x"}': -50 * 3600,
    },
  },
  {
    alert: "BackupCollectionTooOld",
    name: "an agent has never finished a collection",
    labels: 'job="new"',
    series: {
      [`${LAST}{job="new",instance="a"}`]: [NOW, undefined],
      'restic_otel_build_info{job="new",instance="a"}': 1,
      'process_start_time_seconds{job="new",instance="a"}': -37 * 3600,
      [`${LAST}{job="new",instance="b"}`]: NOW,
      // Another program of the same job.
      [`process_start_time_seconds{${JOB},instance="database"}`]: -50 * 3600,
    },
  },
  {
    alert: "BackupAgentClockAhead",
    name: "the clock of an agent is ahead by 10 minutes, that of another one by 4",
    labels: JOB,
    after: 10,
    series: {
      [`${LAST}{${A}}`]: [NOW, { ago: -600 }],
      [`${LAST}{job="other",instance="x"}`]: { ago: -240 },
    },
  },
  {
    alert: "BackupNoRepositories",
    name: "the settings name no repository",
    labels: JOB,
    after: 5,
    series: {
      restic_otel_repositories: [3, 0],
      'restic_otel_repositories{job="other",instance="x"}': 1,
    },
  },
  {
    alert: "BackupReloadFailed",
    name: "one of two agents refuses its settings",
    labels: JOB,
    after: 5,
    series: {
      [`restic_otel_config_last_reload_successful{${A}}`]: [1, 0],
      'restic_otel_config_last_reload_successful{job="other",instance="x"}': 1,
    },
  },
  {
    alert: "BackupVaultDown",
    name: "Vault refuses one of two agents",
    labels: JOB,
    after: 15,
    series: {
      [`restic_otel_vault_up{${A}}`]: [1, 0],
      [`restic_otel_vault_up{${B}}`]: 1,
      'restic_otel_vault_up{job="other",instance="x"}': 1,
    },
  },
  {
    alert: "BackupPushFailing",
    name: "one of two receivers is down",
    labels: 'endpoint="one"',
    after: 15,
    series: {
      'restic_otel_otlp_up{endpoint="one"}': [1, 0],
      'restic_otel_otlp_up{endpoint="two"}': 1,
    },
  },
];
