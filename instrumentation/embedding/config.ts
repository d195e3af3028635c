import type { CollectionHook } from "../collect/outcome.ts";
import { parseSchedule } from "../collect/schedule.ts";
import { parseDurationMs } from "../core/duration.ts";
import { AgentError } from "../core/error.ts";
import type { Logger } from "../core/log.ts";
import type { Extensions } from "../monitor/extensions.ts";
import { resolversWith } from "../secrets/resolvers.ts";
import { parseRepository } from "../settings/repository.ts";
import type { RepositorySettings } from "../settings/repository.ts";
import type { MonitorSettings } from "../monitor/monitor-settings.ts";
import { disabledResolver } from "../vault/reference.ts";
import { VAULT_DISABLED, parseVaultSettings } from "../vault/settings.ts";
import type { VaultUse } from "../vault/settings.ts";
import { unknownOptions } from "./check-options.ts";

/** A secret: the text itself, or a reference such as `{file: "/run/secrets/restic"}`. */
export type SecretConfig = string | Readonly<Record<string, unknown>>;

/** One repository, with the keys of the agent's settings file. */
export interface RepositoryConfig {
  /** restic's repository string. */
  readonly repo: string;
  readonly password?: SecretConfig;
  readonly insecure_no_password?: boolean;
  /** Environment variables for this repository alone: restic's, and those of its storage provider. */
  readonly environment?: Readonly<Record<string, SecretConfig>>;
  /** restic's `-o` options. */
  readonly options?: Readonly<Record<string, string | number | boolean>>;
  /** Maximum parallel requests. Default: restic's `-o <backend>.connections` if set, else 20. */
  readonly connections?: number;
  readonly insecure_tls?: boolean;
  readonly disabled?: boolean;
}

/** Options of `ResticInstrumentation`. Durations are text with a unit: `30s`, `5m`, `1h30m`. */
export interface ResticInstrumentationConfig extends Extensions {
  /** Set by `getConfig`; the constructor ignores it. Use `enable` and `disable`. */
  readonly enabled?: boolean;
  readonly repositories: readonly RepositoryConfig[];
  /** When to collect, besides at once. Default `@every 15m`. */
  readonly cron?: string;
  /** IANA name. Default: the time zone of the process. */
  readonly timezone?: string;
  /** Time limit for one repository in one collection. Default `5m`. */
  readonly timeout?: string;
  /** Maximum repositories that are collected in parallel. Default 8. */
  readonly concurrency?: number;
  /** Retry repositories with transient errors between collections. Default true. */
  readonly retryFailed?: boolean;
  /** How long an opened key is used before it is verified again. Default `1h`. */
  readonly reverify?: string;
  /** Stagger scheduled collections over 80 % of the interval. Default false. */
  readonly spread?: boolean;
  /** Folder (mode 0700) that keeps snapshots over a restart. Default: nothing is kept. */
  readonly stateDir?: string;
  /** HashiCorp Vault, with the keys of the agent's settings file. Variables such as VAULT_ADDR and VAULT_TOKEN take precedence. */
  readonly vault?: Readonly<Record<string, unknown>>;
  /** Default: `diag` of `@opentelemetry/api`. The metrics show failures as well. */
  readonly logger?: Logger;
  /** Called after each collection. */
  readonly onCollection?: CollectionHook;
}

/**
 * @param logger receives warnings
 * @throws AgentError `config` with one line for each problem
 */
export function monitorSettings(
  config: ResticInstrumentationConfig,
  logger?: Logger,
): MonitorSettings {
  const problems = [...unknownOptions(config)];
  const duration = (name: "timeout" | "reverify", initial: string): number => {
    const ms = parseDurationMs(config[name] ?? initial);
    if (ms !== undefined && ms > 0) return ms;
    problems.push(`${name}: must be a duration with its unit, like "30s" or "5m"`);
    return 0;
  };
  const { concurrency = 8, cron = "@every 15m" } = config;
  if (!Number.isInteger(concurrency) || concurrency < 1)
    problems.push("concurrency: must be a whole number from 1");
  try {
    parseSchedule(cron, config.timezone);
  } catch (error) {
    problems.push(`cron: ${error instanceof Error ? error.message : String(error)}`);
  }
  const settings = {
    repositories: repositories(config, problems, logger).filter(({ disabled }) => !disabled),
    cron,
    timezone: config.timezone,
    timeoutMs: duration("timeout", "5m"),
    concurrency,
    legacyLabel: false,
    retryFailed: config.retryFailed ?? true,
    reverifyMs: duration("reverify", "1h"),
    spread: config.spread ?? false,
    stateDir: config.stateDir,
    vault: vaultUse(config, problems, logger),
  };
  if (problems.length > 0) throw new AgentError("config", problems.join("\n"));
  return settings;
}

function vaultUse(
  { vault }: ResticInstrumentationConfig,
  problems: string[],
  logger: Logger | undefined,
): VaultUse {
  const parsed = parseVaultSettings(vault, process.env);
  const found = "value" in parsed ? parsed.warnings : parsed.problems;
  const lines = found.map(({ path, message }) => `${path.join(".")}: ${message}`);
  if ("value" in parsed) for (const line of lines) logger?.warn(line);
  else problems.push(...lines);
  return ("value" in parsed && parsed.value) || VAULT_DISABLED;
}

function repositories(
  config: ResticInstrumentationConfig,
  problems: string[],
  logger: Logger | undefined,
): readonly RepositorySettings[] {
  const resolvers = resolversWith([
    disabledResolver("Vault is not used"),
    ...(config.resolvers ?? []),
  ]);
  const backends = Object.keys(config.backends ?? {});
  const indexes = new Map<string, number>();
  return config.repositories.flatMap((entry, index) => {
    const parsed = parseRepository(entry, resolvers, backends);
    const line = (path: readonly (string | number)[], message: string): string =>
      `${[`repositories[${index}]`, ...path].join(".")}: ${message}`;
    const isWrong = "problems" in parsed;
    if (isWrong) problems.push(...parsed.problems.map(({ path, message }) => line(path, message)));
    else for (const { path, message } of parsed.warnings) logger?.warn(line(path, message));
    const { url, disabled } = isWrong ? { url: parsed.url, disabled: false } : parsed.value;
    if (url !== undefined && !disabled) {
      const first = indexes.get(url);
      if (first === undefined) indexes.set(url, index);
      else
        problems.push(
          line(["repo"], `is the same as in repositories[${first}]: remove one of the two`),
        );
    }
    return isWrong ? [] : [parsed.value];
  });
}
