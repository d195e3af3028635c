import { LOG_FORMATS, LOG_LEVELS } from "../log.ts";
import { bind } from "./bind.ts";
import {
  boolean,
  cron,
  duration,
  groupBy,
  integer,
  inventory,
  locks,
  oneOf,
  snapshotSize,
  text,
  timezone,
  urlPath,
} from "./formats.ts";
import type { Format } from "./formats.ts";
import { shard } from "./shard.ts";

/** One setting. The convict schema, the help, the manual page and the table of settings are generated from these. */
export interface Setting<T> {
  readonly format: Format<T>;
  /** As the user would write it. */
  readonly default: string;
  readonly doc: string;
  /** A second name of the flag: the one that Prometheus's own exporters have. */
  readonly alias?: string;
}

const COMPAT = ["none", "ngosang"] as const;

function setting<T>(
  format: Format<T>,
  initial: string,
  doc: string,
  names: Pick<Setting<T>, "alias"> = {},
): Setting<T> {
  return { format, default: initial, doc, ...names };
}

export const SETTINGS = {
  bind: setting(
    bind,
    ":9121",
    "address to listen on: host:port, [::1]:port, unix:/path?mode=0660 or none; repeat the flag, or write a list, for several",
    { alias: "web.listen-address" },
  ),
  webConfigFile: setting(
    text,
    "",
    "file with TLS, users, headers and rate limit, in the format of Prometheus's exporter-toolkit",
    { alias: "web.config.file" },
  ),
  healthWithoutLogin: setting(
    boolean,
    "false",
    "answer /-/healthy and /-/ready without login and without rate limit",
  ),
  telemetryPath: setting(urlPath, "/metrics", "path of the metrics", {
    alias: "web.telemetry-path",
  }),
  targetInfo: setting(
    boolean,
    "false",
    "add target_info with the attributes of the OpenTelemetry resource to the metrics for Prometheus",
  ),
  enableLifecycle: setting(
    boolean,
    "false",
    "enable POST /-/reload, POST /-/collect and GET /-/config",
    { alias: "web.enable-lifecycle" },
  ),
  cron: setting(
    cron,
    "0 0 * * *",
    "schedule of the collections: five or six fields, @daily, @every 1h30m, CRON_TZ=Zone …",
  ),
  timezone: setting(timezone, "", "time zone of cron; if empty, the time zone of the process"),
  timeout: setting(duration, "5m", "time limit for collecting one repository"),
  requestTimeout: setting(
    duration,
    "60s",
    "how long a storage server may take to answer a request; at most what is left of timeout",
  ),
  maxSnapshotSize: setting(
    snapshotSize,
    "8MiB",
    "maximum size of a snapshot file and of its JSON; a larger one is unreadable",
  ),
  maxBackupDuration: setting(
    duration,
    "24h",
    "longest time a backup takes: a snapshot that appears later than this after its time is backdated",
  ),
  inventory: setting(
    inventory,
    "off",
    "compare the index of each repository with its packs this often; in the file {every: 24h}",
  ),
  locks: setting(
    locks,
    "off",
    "look at the locks of each repository this often, in a collection; in the file {every: 15m}",
  ),
  concurrency: setting(
    integer(1, 1000),
    "8",
    "maximum number of repositories that are collected in parallel",
  ),
  retryFailed: setting(
    boolean,
    "true",
    "retry a repository with a transient error after 1, 2, 4, 8, 15 … minutes",
  ),
  reverify: setting(
    duration,
    "1h",
    "how long an opened key is trusted before the keys of the repository are listed again",
  ),
  spread: setting(
    boolean,
    "false",
    "stagger the repositories of a scheduled collection over 80 % of the interval",
  ),
  shard: setting(
    shard,
    "",
    "share of the repositories that this agent collects: 2/5 is the third of five, auto/5 takes the number at the end of the host name",
  ),
  stateDir: setting(
    text,
    "",
    "directory that caches snapshots across restarts; if empty, a restart reads all snapshots again",
  ),
  stateKeys: setting(
    boolean,
    "true",
    "keep the config and one key file of each repository in stateDir, so that a restart while it is away keeps its backup sets",
  ),
  startupWait: setting(duration, "60s", "how long a scrape waits for the first collection"),
  lateAfter: setting(
    duration,
    "96h",
    "age at which the status page marks a backup set as late; metrics do not depend on it",
  ),
  groupBy: setting(
    groupBy,
    "",
    "further series for each group of snapshots of a backup set: tags, paths, or both with a comma",
  ),
  maxSets: setting(
    integer(1, 1_000_000),
    "10000",
    "maximum number of backup sets of one repository that have series",
  ),
  maxSlots: setting(
    integer(1, 1_000_000),
    "20000",
    "maximum number of series of one metric of expectations; those of names are never left out",
  ),
  otlpInterval: setting(duration, "60s", "interval of the OTLP pushes"),
  otlpTimeout: setting(
    duration,
    "30s",
    "time limit of one OTLP push with all its requests; each request has its own time limit",
  ),
  compat: setting(
    oneOf(COMPAT),
    "none",
    "also the metrics of ngosang/restic-exporter 2, under their names and labels",
  ),
  legacyLabel: setting(
    boolean,
    "false",
    "add the label isLegacy to backup_snapshot_count and backup_newest_timestamp",
  ),
  logLevel: setting(
    oneOf(LOG_LEVELS),
    "info",
    `lowest log level to print: ${LOG_LEVELS.join(", ")}`,
  ),
  logFormat: setting(
    oneOf(LOG_FORMATS),
    "text",
    `format of the log lines: ${LOG_FORMATS.join(", ")}`,
  ),
  config: setting(text, "config.json", "settings file with the repositories"),
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

export type SettingName = keyof typeof SETTINGS;
/** The parsed value of a setting. */
export type SettingValue<N extends SettingName> = ReturnType<
  (typeof SETTINGS)[N]["format"]["parse"]
>;

/** Settings that the file may contain: all but its own path. */
export const FILE_SETTINGS: readonly string[] = Object.keys(SETTINGS).filter(
  (name) => name !== "config",
);

export const PREFIX = "RESTIC_OTEL_";

/** `logLevel` → `RESTIC_OTEL_LOG_LEVEL`. */
export function variableOf(name: string): string {
  return PREFIX + name.replaceAll(/[A-Z]/g, "_$&").toUpperCase();
}

/** `logLevel` → `log-level`. */
export function flagOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, "-$&").toLowerCase();
}

export function settingNames(): readonly SettingName[] {
  return Object.keys(SETTINGS).filter((name): name is SettingName => name in SETTINGS);
}
