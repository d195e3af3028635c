import { LOG_FORMATS, LOG_LEVELS } from "../log.ts";
import { bind } from "./bind.ts";
import { boolean, cron, duration, integer, oneOf, text, timezone } from "./formats.ts";
import type { Format } from "./formats.ts";
import { shard } from "./shard.ts";

/** One setting: the schema, the help, the README's table and the names of variables and flags are made of these. */
export interface Setting<T> {
  readonly name: string;
  readonly format: Format<T>;
  /** As somebody would write it. */
  readonly default: string;
  readonly doc: string;
  /** Without its dashes. */
  readonly flag?: string;
}

function setting<T>(
  name: string,
  format: Format<T>,
  initial: string,
  doc: string,
  flag?: string,
): Setting<T> {
  return { name, format, default: initial, doc, ...(flag !== undefined && { flag }) };
}

export const SETTINGS = {
  bind: setting(
    "bind",
    bind,
    ":9121",
    "address of the HTTP server: host:port, [::1]:port or unix:/path?mode=0660; a list of them (the flag several times), or none",
    "bind",
  ),
  webConfigFile: setting(
    "webConfigFile",
    text,
    "",
    "TLS, logins, headers and rate limit, in the format of Prometheus's exporters",
    "web.config.file",
  ),
  healthWithoutLogin: setting(
    "healthWithoutLogin",
    boolean,
    "false",
    "answer /-/healthy and /-/ready without a login and outside of the rate limit",
  ),
  enableLifecycle: setting(
    "enableLifecycle",
    boolean,
    "false",
    "POST /-/reload and /-/collect reload and collect, GET /-/config shows the settings",
    "web.enable-lifecycle",
  ),
  cron: setting(
    "cron",
    cron,
    "0 0 * * *",
    "when repositories are collected: five or six fields, @daily, @every 1h30m, CRON_TZ=Zone …",
    "cron",
  ),
  timezone: setting("timezone", timezone, "", "zone of cron; that of the process if empty"),
  timeout: setting("timeout", duration, "5m", "time limit of a repository in a collection"),
  concurrency: setting(
    "concurrency",
    integer(1, 1000),
    "8",
    "repositories that are collected side by side",
  ),
  retryFailed: setting(
    "retryFailed",
    boolean,
    "true",
    "try repositories that failed for a passing reason again after 1, 2, 4, 8, 15 … minutes",
  ),
  reverify: setting(
    "reverify",
    duration,
    "1h",
    "how long a key that opened is trusted before the keys are listed again",
  ),
  spread: setting(
    "spread",
    boolean,
    "false",
    "begin repositories one after the other in the time between two scheduled collections, not all at once",
  ),
  shard: setting(
    "shard",
    shard,
    "",
    "the part of the repositories that is collected here: 2/5 is the third of five, auto/5 takes the number at the end of the host name",
    "shard",
  ),
  stateDir: setting(
    "stateDir",
    text,
    "",
    "folder for what was read of snapshots, so that a restart reads none again; nothing is kept if empty",
  ),
  startupWait: setting(
    "startupWait",
    duration,
    "60s",
    "how long /metrics waits for the first collection",
  ),
  lateAfter: setting(
    "lateAfter",
    duration,
    "72h",
    "age from which a backup set is shown as late on the status page; no metric depends on it",
  ),
  otlpInterval: setting("otlpInterval", duration, "60s", "time between pushes to OTLP endpoints"),
  otlpTimeout: setting(
    "otlpTimeout",
    duration,
    "30s",
    "time limit of a push with all its requests; a request has its own",
  ),
  legacyLabel: setting(
    "legacyLabel",
    boolean,
    "false",
    "add the label isLegacy to backup_snapshot_count and backup_newest_timestamp",
  ),
  logLevel: setting(
    "logLevel",
    oneOf(LOG_LEVELS),
    "info",
    `lowest level that is logged: ${LOG_LEVELS.join(", ")}`,
    "log-level",
  ),
  logFormat: setting(
    "logFormat",
    oneOf(LOG_FORMATS),
    "text",
    `form of a log line: ${LOG_FORMATS.join(", ")}`,
    "log-format",
  ),
  config: setting("config", text, "config.json", "the file with the repositories", "config"),
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

export type SettingName = keyof typeof SETTINGS;

/** Where the file itself is cannot stand in it. */
export const FILE_SETTINGS: readonly string[] = Object.keys(SETTINGS).filter(
  (name) => name !== "config",
);

export const PREFIX = "RESTIC_OTEL_";

/** `logLevel` → `RESTIC_OTEL_LOG_LEVEL`. */
export function variableOf(name: string): string {
  return PREFIX + name.replaceAll(/[A-Z]/g, "_$&").toUpperCase();
}

export function settingNames(): readonly SettingName[] {
  return Object.keys(SETTINGS).filter((name): name is SettingName => name in SETTINGS);
}

/** The settings as a Markdown table. */
export function settingsTable(): string {
  const rows = settingNames().map((name) => {
    const { flag, doc, default: initial }: Setting<unknown> = SETTINGS[name];
    const key = name === "config" ? "–" : `\`${name}\``;
    return `| ${key} | \`${variableOf(name)}\` | ${flag === undefined ? "–" : `\`--${flag}\``} | ${initial === "" ? "" : `\`${initial}\``} | ${doc} |`;
  });
  return [
    "| in the file | variable | flag | default | meaning |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}
