import { access } from "node:fs/promises";

import convict from "convict";
import {
  AgentError,
  nearest,
  VAULT_DISABLED,
  resolversWith,
} from "restic-otel-instrumentation/internal";
import type {
  Extensions,
  MonitorSettings,
  RepositorySettings,
} from "restic-otel-instrumentation/internal";

import type { LogFormat, LogLevel } from "../log.ts";
import type { Bind } from "./bind.ts";
import type { FileSettings, Known } from "./file.ts";
import type { Flags } from "./flags.ts";
import { readOtelEnvironment } from "./otel-environment.ts";
import type { OtlpEndpoint } from "./otlp.ts";
import { namesRepository, repositoryOf } from "./restic-environment.ts";
import { PREFIX, settingNames, SETTINGS, variableOf } from "./schema.ts";
import type { Setting, SettingName } from "./schema.ts";
import { shardOf } from "./shard.ts";
import type { Shard } from "./shard.ts";
import { vaultSection } from "./vault.ts";

/** Everything that the agent is told, checked. */
export interface AgentSettings {
  readonly monitor: MonitorSettings;
  readonly disabledCount: number;
  /** Undefined: all repositories are collected here. */
  readonly shard: Shard | undefined;
  /** Empty: nowhere. */
  readonly bind: readonly Bind[];
  /** Undefined: HTTP in the clear, for everybody. */
  readonly webConfigFile: string | undefined;
  readonly healthWithoutLogin: boolean;
  readonly enableLifecycle: boolean;
  /** Whether `/metrics` is served. */
  readonly prometheus: boolean;
  readonly otlp: readonly OtlpEndpoint[];
  readonly otlpIntervalMs: number;
  readonly otlpTimeoutMs: number;
  readonly startupWaitMs: number;
  readonly lateAfterMs: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** Shown, but nothing to stop for. */
  readonly warnings: readonly string[];
  /** The file, or `environment`. */
  readonly source: string;
}

export interface SettingsInput {
  readonly flags: Flags;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly extensions?: Extensions;
}

/**
 * Default < OTEL_* < file < RESTIC_OTEL_* < flag.
 * @throws AgentError `config` with all that is wrong, a line each
 */
export async function loadSettings({
  flags,
  env: environment,
  extensions = {},
}: SettingsInput): Promise<AgentSettings> {
  // A compose file with `RESTIC_OTEL_BIND=` means that it is not set.
  const env = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const found = await findRepositories(flags, env, {
    resolvers: resolversWith(extensions.resolvers ?? []),
    backends: Object.keys(extensions.backends ?? {}),
    vault: (section) => vaultSection(section, env, flags.vault),
  });
  const otel = readOtelEnvironment(env);
  const problems = [
    ...found.problems,
    ...otel.problems,
    ...(found.otlp || otel.disabled ? [] : otel.otlpProblems),
    ...wrong("bind", otel.values["bind"], "OTEL_EXPORTER_PROMETHEUS_HOST and _PORT"),
    ...wrongVariables(env),
    ...wrongFlags(flags),
  ];
  if (problems.length > 0) throw new AgentError("config", problems.join("\n"));
  const value = merge({ ...otel.values, ...found.values }, env, flags);
  const otlp = found.otlp ?? (otel.otlp ? [otel.otlp] : []);
  const enabled = found.repositories.filter(({ disabled }) => !disabled);
  const shard = value(SETTINGS.shard);
  const own = shard
    ? enabled.filter(({ url }) => shardOf(url, shard.total) === shard.index)
    : enabled;
  return {
    monitor: {
      repositories: own,
      cron: value(SETTINGS.cron),
      timezone: value(SETTINGS.timezone) || undefined,
      timeoutMs: value(SETTINGS.timeout),
      concurrency: value(SETTINGS.concurrency),
      legacyLabel: value(SETTINGS.legacyLabel),
      retryFailed: value(SETTINGS.retryFailed),
      reverifyMs: value(SETTINGS.reverify),
      spread: value(SETTINGS.spread),
      stateDir: value(SETTINGS.stateDir) || undefined,
      vault: found.vault,
    },
    shard,
    disabledCount: found.repositories.length - enabled.length,
    bind: value(SETTINGS.bind),
    webConfigFile: value(SETTINGS.webConfigFile) || undefined,
    healthWithoutLogin: value(SETTINGS.healthWithoutLogin),
    enableLifecycle: value(SETTINGS.enableLifecycle),
    prometheus: otel.prometheus && !otel.disabled,
    otlp: otel.disabled ? [] : otlp,
    otlpIntervalMs: value(SETTINGS.otlpInterval),
    otlpTimeoutMs: value(SETTINGS.otlpTimeout),
    startupWaitMs: value(SETTINGS.startupWait),
    lateAfterMs: value(SETTINGS.lateAfter),
    logLevel: value(SETTINGS.logLevel),
    logFormat: value(SETTINGS.logFormat),
    warnings: [
      ...found.warnings,
      ...unknownVariables(env),
      ...(otlp.length > 0 && !otel.disabled ? otel.warnings : []),
      ...(enabled.length === 0
        ? [`${found.source}: no repository is enabled, there is nothing to collect`]
        : []),
    ],
    source: found.source,
  };
}

interface Found extends FileSettings {
  readonly source: string;
}

/** A file wins over restic's own variables; those are for somebody who has one repository and no file. */
async function findRepositories(
  flags: Flags,
  env: SettingsInput["env"],
  known: Known,
): Promise<Found> {
  const named = flags.values.config ?? env[variableOf("config")];
  const file = named ?? SETTINGS.config.default;
  if (named !== undefined || !namesRepository(env) || (await exists(file))) {
    const { readSettingsFile } = await import("./file.ts");
    const settings = await readSettingsFile(file, known);
    const warning = namesRepository(env) ? [`RESTIC_REPOSITORY is not used, ${file} wins`] : [];
    return { ...settings, warnings: [...settings.warnings, ...warning], source: file };
  }
  const { repository, problems } = await repositoryOf(env, known, AbortSignal.timeout(30_000));
  const repositories: readonly RepositorySettings[] = repository ? [repository] : [];
  return {
    values: {},
    repositories,
    otlp: undefined,
    // Nothing of the environment lies in Vault.
    vault: VAULT_DISABLED,
    problems,
    warnings: [],
    source: "environment",
  };
}

/** Where the agent listens, as far as flags and variables say it. */
export function bindWithoutFile(flags: Flags, env: SettingsInput["env"]): readonly Bind[] {
  const { format, default: initial, name } = SETTINGS.bind;
  const given = [flags.values.bind, env[variableOf(name)]];
  return format.parse(given.find((one) => one && format.check(one) === undefined) ?? initial);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function wrongVariables(env: SettingsInput["env"]): readonly string[] {
  return settingNames().flatMap((name) => wrong(name, env[variableOf(name)], variableOf(name)));
}

function wrongFlags({ values }: Flags): readonly string[] {
  return settingNames().flatMap((name) => {
    const { flag = "" }: Setting<unknown> = SETTINGS[name];
    return wrong(name, values[name], `--${flag}`);
  });
}

function wrong(name: SettingName, value: string | undefined, where: string): readonly string[] {
  const message = value === undefined ? undefined : SETTINGS[name].format.check(value);
  return message === undefined ? [] : [`${where}: ${message}`];
}

/** Kubernetes injects some for a Service of that name: no reason to stop. */
function unknownVariables(env: SettingsInput["env"]): readonly string[] {
  const known = settingNames().map((name) => variableOf(name).slice(PREFIX.length));
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name.slice(PREFIX.length)))
    .map((name) => {
      const near = nearest(name.slice(PREFIX.length), known);
      return `the variable ${name} is not known${near === undefined ? "" : `, did you mean ${PREFIX}${near}?`}`;
    });
}

/** Default < file < variable < flag; all of them have been checked. */
function merge(
  values: FileSettings["values"],
  env: SettingsInput["env"],
  flags: Flags,
): <T>(setting: Setting<T>) => T {
  const schema = Object.fromEntries(
    settingNames().map((name) => {
      const { default: initial, doc, format }: Setting<unknown> = SETTINGS[name];
      return [
        name,
        {
          default: initial,
          doc,
          env: variableOf(name),
          format: (value: unknown) => refuse(format.check(value)),
        },
      ];
    }),
  );
  const config = convict<Record<string, unknown>>(schema, { env: { ...env }, args: [] });
  config.load(values);
  for (const [name, value] of Object.entries(flags.values)) config.set(name, value);
  config.validate({ allowed: "strict" });
  return (setting) => setting.format.parse(config.get(setting.name));
}

function refuse(problem: string | undefined): void {
  if (problem !== undefined) throw new Error(problem);
}
