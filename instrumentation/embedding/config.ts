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

/** A secret: text, or where it is found, e.g. `{file: "/run/secrets/restic"}`. */
export type SecretConfig = string | Readonly<Record<string, unknown>>;

/** One repository, with the keys of the agent's settings file. */
export interface RepositoryConfig {
  /** restic's own repository string. */
  readonly repo: string;
  readonly password?: SecretConfig;
  readonly insecure_no_password?: boolean;
  /** Variables for this repository alone: restic's and those of its storage provider. */
  readonly environment?: Readonly<Record<string, SecretConfig>>;
  /** restic's `-o` options. */
  readonly options?: Readonly<Record<string, string | number | boolean>>;
  /** Requests that are answered at once; default 20. */
  readonly connections?: number;
  readonly insecure_tls?: boolean;
  readonly disabled?: boolean;
}

/** What an application tells its instrumentation. Durations are text with a unit: `30s`, `5m`, `1h30m`. */
export interface ResticInstrumentationConfig extends Extensions {
  /** Says whether it runs; read it with `getConfig`, change it with `enable` and `disable`. */
  readonly enabled?: boolean;
  readonly repositories: readonly RepositoryConfig[];
  /** Default `@every 15m`. */
  readonly cron?: string;
  /** IANA name; default: that of the process. */
  readonly timezone?: string;
  /** Time limit of a repository in a collection; default `5m`. */
  readonly timeout?: string;
  /** Repositories side by side; default 8. */
  readonly concurrency?: number;
  /** Try what failed for a passing reason again between collections; default true. */
  readonly retryFailed?: boolean;
  /** How long a key that opened is trusted; default `1h`. */
  readonly reverify?: string;
  /** Begin repositories one after the other in the time between two scheduled collections; default false. */
  readonly spread?: boolean;
  /** Folder (0700) for what was read of snapshots, so that a restart reads none again; default: nothing is kept. */
  readonly stateDir?: string;
  /** How HashiCorp Vault is used, with the keys of the agent's settings file; variables as VAULT_ADDR and VAULT_TOKEN win. */
  readonly vault?: Readonly<Record<string, unknown>>;
  /** Default: `diag` of the API. Failures show in the metrics as well. */
  readonly logger?: Logger;
  /** Called after each collection. */
  readonly onCollection?: CollectionHook;
}

/**
 * @param logger is told what is no reason to stop
 * @throws AgentError `config` with all that is wrong, a line each
 */
export function monitorSettings(
  config: ResticInstrumentationConfig,
  logger?: Logger,
): MonitorSettings {
  const problems: string[] = [];
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
    repositories: repositories(config, problems).filter(({ disabled }) => !disabled),
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
): readonly RepositorySettings[] {
  const resolvers = resolversWith([
    disabledResolver("Vault is not used"),
    ...(config.resolvers ?? []),
  ]);
  const backends = Object.keys(config.backends ?? {});
  const urls = new Set<string>();
  return config.repositories.flatMap((entry, index) => {
    const parsed = parseRepository(entry, resolvers, backends);
    const report = (path: readonly (string | number)[], message: string): void => {
      problems.push(`${[`repositories[${index}]`, ...path].join(".")}: ${message}`);
    };
    const isWrong = "problems" in parsed;
    if (isWrong) for (const { path, message } of parsed.problems) report(path, message);
    const { url, disabled } = isWrong ? { url: parsed.url, disabled: false } : parsed.value;
    if (url !== undefined && !disabled) {
      if (urls.has(url)) report(["repo"], "is the same repository as one before");
      urls.add(url);
    }
    return isWrong ? [] : [parsed.value];
  });
}
