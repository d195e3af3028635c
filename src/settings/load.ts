import { existsSync } from "node:fs";

import {
  AgentError,
  NO_EXPECTATIONS,
  VAULT_DISABLED,
  resolversWith,
  disabledResolver,
  inventoryOf,
  parseVaultSettings,
  secretsOf,
} from "restic-otel-instrumentation/internal";
import type {
  Extensions,
  InventoryGiven,
  MonitorSettings,
  RepositorySettings,
  VaultParsed,
} from "restic-otel-instrumentation/internal";

import type { LogFormat, LogLevel } from "../log.ts";
import type { Bind } from "./bind.ts";
import type { FileSettings, SettingsContext } from "./file.ts";
import type { Flags } from "./flags.ts";
import { check, checkFlags, checkVariables, merge, unknownVariables } from "./given-values.ts";
import { readOtelEnvironment } from "./otel-environment.ts";
import { secretsOfEndpoint } from "./otlp.ts";
import type { OtlpEndpoint } from "./otlp.ts";
import { namesRepository, repositoryFromEnvironment } from "./restic-environment.ts";
import { SETTINGS, variableOf } from "./schema.ts";
import { shardOf, shardProblems } from "./shard.ts";
import type { Shard } from "./shard.ts";

/** All settings of the agent, validated. */
export interface AgentSettings {
  readonly monitor: MonitorSettings;
  readonly disabledCount: number;
  /** undefined: this agent collects all repositories. */
  readonly shard: Shard | undefined;
  /** Empty: no HTTP server. */
  readonly bind: readonly Bind[];
  /** undefined: plain HTTP without login. */
  readonly webConfigFile: string | undefined;
  readonly healthWithoutLogin: boolean;
  readonly enableLifecycle: boolean;
  /** Whether metrics are served for Prometheus. */
  readonly prometheus: boolean;
  /** The path of the metrics. */
  readonly telemetryPath: string;
  /** Whether the metrics contain `target_info`. */
  readonly targetInfo: boolean;
  readonly otlp: readonly OtlpEndpoint[];
  readonly otlpIntervalMs: number;
  readonly otlpTimeoutMs: number;
  readonly startupWaitMs: number;
  readonly lateAfterMs: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** Problems that do not prevent the start. */
  readonly warnings: readonly string[];
  /** The path of the settings file, or `environment`. */
  readonly source: string;
}

export interface SettingsInput {
  readonly flags: Flags;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly extensions?: Extensions;
}

/**
 * Precedence: default < OTEL_* < file < RESTIC_OTEL_* < flag.
 * @throws AgentError `config` with all problems, one per line
 */
export async function loadSettings({
  flags,
  env: environment,
  extensions = {},
}: SettingsInput): Promise<AgentSettings> {
  // An empty variable means unset: a compose file may contain `RESTIC_OTEL_BIND=`.
  const env = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const found = await findRepositories(flags, env, {
    resolvers: resolversWith([
      disabledResolver("Vault is not used"),
      ...(extensions.resolvers ?? []),
    ]),
    backends: Object.keys(extensions.backends ?? {}),
    vault: (section) => vaultSection(section, env, flags),
  });
  const otel = readOtelEnvironment(env);
  const problems = [
    ...found.problems,
    ...otel.problems,
    ...(found.otlp || otel.disabled ? [] : otel.otlpProblems),
    ...check("bind", otel.values["bind"], "OTEL_EXPORTER_PROMETHEUS_HOST and _PORT"),
    ...checkVariables(env),
    ...checkFlags(flags),
  ];
  if (problems.length > 0) throw new AgentError("config", problems.join("\n"));
  const value = merge({ ...otel.values, ...found.values }, env, flags);
  const otlp = found.otlp ?? (otel.otlp ? [otel.otlp] : []);
  const enabled = found.repositories.filter(({ disabled }) => !disabled);
  const shard = value("shard");
  const acrossShards = shardProblems(found.expectations, shard, found.problemAt);
  if (acrossShards.length > 0) throw new AgentError("config", acrossShards.join("\n"));
  const selected = shard
    ? enabled.filter(({ url }) => shardOf(url, shard.total) === shard.index)
    : enabled;
  const collected = new Set(selected);
  return {
    monitor: {
      repositories: selected,
      cron: value("cron"),
      timezone: value("timezone") || undefined,
      timeoutMs: value("timeout"),
      requestTimeoutMs: value("requestTimeout"),
      maxSnapshotBytes: value("maxSnapshotSize"),
      maxBackupMs: value("maxBackupDuration"),
      inventory: value("inventory"),
      locksEvery: value("locks"),
      concurrency: value("concurrency"),
      compat: value("compat"),
      legacyLabel: value("legacyLabel"),
      retryFailed: value("retryFailed"),
      reverifyMs: value("reverify"),
      spread: value("spread"),
      stateDir: value("stateDir") || undefined,
      stateKeys: value("stateKeys"),
      otherSecrets: [
        ...found.repositories.filter((one) => !collected.has(one)).flatMap(secretsOf),
        ...otlp.flatMap(secretsOfEndpoint),
      ],
      vault: found.vault,
      expectations: found.expectations,
      groupBy: value("groupBy"),
      maxSets: value("maxSets"),
      maxSlots: value("maxSlots"),
    },
    shard,
    disabledCount: found.repositories.length - enabled.length,
    bind: value("bind"),
    webConfigFile: value("webConfigFile") || undefined,
    healthWithoutLogin: value("healthWithoutLogin"),
    enableLifecycle: value("enableLifecycle"),
    prometheus: otel.prometheus && !otel.disabled,
    telemetryPath: value("telemetryPath"),
    targetInfo: value("targetInfo"),
    otlp: otel.disabled ? [] : otlp,
    otlpIntervalMs: value("otlpInterval"),
    otlpTimeoutMs: value("otlpTimeout"),
    startupWaitMs: value("startupWait"),
    lateAfterMs: value("lateAfter"),
    logLevel: value("logLevel"),
    logFormat: value("logFormat"),
    warnings: [
      ...found.warnings,
      ...unknownVariables(env),
      ...otel.warnings,
      ...(otlp.length > 0 && !otel.disabled ? otel.otlpWarnings : []),
      ...inventoryWarnings(selected, value("inventory"), value("stateDir")),
      ...(enabled.length === 0
        ? [`${found.source}: no repository is enabled, there is nothing to collect`]
        : []),
    ],
    source: found.source,
  };
}

const DISABLED_BY_FLAG = { disabledReason: "Vault is disabled by --no-vault" };

/** The section `vault` of the file, merged with Vault's VAULT_* variables. */
function vaultSection(section: unknown, env: SettingsInput["env"], flags: Flags): VaultParsed {
  const parsed = parseVaultSettings(section, env);
  if (flags.vault) return parsed;
  const inSection = parsed.problems.filter(({ path }) => path[0] === "vault");
  return { value: DISABLED_BY_FLAG, problems: inSection, warnings: [] };
}

/** An agent that is started again reads the index of all repositories again. */
function inventoryWarnings(
  repositories: readonly RepositorySettings[],
  shared: InventoryGiven,
  stateDir: string,
): readonly string[] {
  const isTaken = repositories.some(({ inventory }) => inventoryOf(inventory, shared));
  return isTaken && stateDir === ""
    ? [
        "inventory without stateDir: 64 MiB of what was read of the indexes are kept in memory; beyond them, and after a restart, index files are read again",
      ]
    : [];
}

/** Reads the file, which takes precedence, or the single repository of restic's own variables. */
async function findRepositories(
  flags: Flags,
  env: SettingsInput["env"],
  context: SettingsContext,
): Promise<FileSettings & Pick<AgentSettings, "source">> {
  const named = flags.values.config ?? env[variableOf("config")];
  const file = named ?? SETTINGS.config.default;
  if (named !== undefined || !namesRepository(env) || existsSync(file)) {
    const { readSettingsFile } = await import("./file.ts");
    const settings = await readSettingsFile(file, context);
    const warning = namesRepository(env)
      ? [`RESTIC_REPOSITORY is ignored: ${file} takes precedence`]
      : [];
    return { ...settings, warnings: [...settings.warnings, ...warning], source: file };
  }
  const signal = AbortSignal.timeout(30_000);
  const { repository, problems } = await repositoryFromEnvironment(env, context, signal);
  const repositories: readonly RepositorySettings[] = repository ? [repository] : [];
  return {
    values: {},
    repositories,
    otlp: undefined,
    // restic's variables cannot refer to Vault.
    vault: VAULT_DISABLED,
    expectations: NO_EXPECTATIONS,
    problemAt: (_, message) => message,
    problems,
    warnings: [],
    source: "environment",
  };
}

/** The addresses to listen on according to flags and variables alone. */
export function bindWithoutFile(flags: Flags, env: SettingsInput["env"]): readonly Bind[] {
  const { format, default: initial } = SETTINGS.bind;
  const given = [flags.values.bind, env[variableOf("bind")]];
  return format.parse(given.find((one) => one && format.check(one) === undefined) ?? initial);
}
