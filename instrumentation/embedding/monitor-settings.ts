import { parseSchedule } from "../collect/schedule.ts";
import { positiveMs } from "../core/duration.ts";
import { AgentError, badValue } from "../core/error.ts";
import type { Logger } from "../core/log.ts";
import { resolversWith } from "../secrets/resolvers.ts";
import { printPath } from "../settings/print-path.ts";
import { parseExpectations } from "../settings/expectations/parse.ts";
import { GROUP_BY_EXPECTED, parseGroupBy } from "../settings/expectations/group-by.ts";
import { INVENTORY_EXPECTED, parseInventory } from "../settings/inventory.ts";
import { LOCKS_EXPECTED, parseLocks } from "../settings/locks.ts";
import { parseRepository } from "../settings/repository.ts";
import type { ExpectationSettings } from "../settings/expectations/expectations.ts";
import { secretsOf } from "../monitor/secrets-in.ts";
import type { RepositorySettings } from "../settings/repository.ts";
import type { MonitorSettings } from "../monitor/monitor-settings.ts";
import { disabledResolver } from "../vault/reference.ts";
import { VAULT_DISABLED, parseVaultSettings } from "../vault/settings.ts";
import type { VaultUse } from "../vault/settings.ts";
import { parseSnapshotSize } from "../settings/snapshot-size.ts";
import { unknownOptions } from "./check-options.ts";
import type { ResticInstrumentationConfig } from "./config.ts";

/**
 * @param logger receives warnings
 * @throws AgentError `config` with one line for each problem
 */
export function monitorSettings(
  config: ResticInstrumentationConfig,
  logger?: Logger,
): MonitorSettings {
  const problems = [...unknownOptions(config)];
  const duration = (
    name: "timeout" | "requestTimeout" | "maxBackupDuration" | "reverify",
    initial: string,
  ): number => {
    const ms = positiveMs(config[name] ?? initial);
    if (ms !== undefined) return ms;
    problems.push(
      `${name}: ${badValue(config[name])}must be a duration with its unit, like "30s" or "5m"`,
    );
    return 0;
  };
  const { value: maxSnapshotBytes, problem } = parseSnapshotSize(config.maxSnapshotSize ?? "8MiB");
  if (problem !== undefined) problems.push(`maxSnapshotSize: ${problem}`);
  const count = (name: "concurrency" | "maxSets" | "maxSlots", initial: number): number => {
    const { [name]: value = initial } = config;
    if (!Number.isInteger(value) || value < 1)
      problems.push(`${name}: ${badValue(value)}must be a whole number from 1`);
    return value;
  };
  const concurrency = count("concurrency", 8);
  const { cron = "@every 15m" } = config;
  try {
    parseSchedule(cron, config.timezone);
  } catch (error) {
    problems.push(`cron: ${error instanceof Error ? error.message : String(error)}`);
  }
  const found = repositories(config, problems, logger);
  const groupBy = parseGroupBy(config.groupBy ?? "");
  if (!groupBy) problems.push(`groupBy: ${GROUP_BY_EXPECTED}`);
  const inventory = parseInventory(config.inventory ?? "off");
  if (inventory === undefined) problems.push(`inventory: ${INVENTORY_EXPECTED}`);
  const locksEvery = parseLocks(config.locks ?? "off");
  if (locksEvery === undefined) problems.push(`locks: ${LOCKS_EXPECTED}`);
  const settings = {
    repositories: found.filter(({ disabled }) => !disabled),
    otherSecrets: found.filter(({ disabled }) => disabled).flatMap(secretsOf),
    cron,
    timezone: config.timezone,
    timeoutMs: duration("timeout", "5m"),
    requestTimeoutMs: duration("requestTimeout", "60s"),
    maxSnapshotBytes,
    maxBackupMs: duration("maxBackupDuration", "24h"),
    inventory,
    locksEvery,
    concurrency,
    legacyLabel: false,
    retryFailed: config.retryFailed ?? true,
    reverifyMs: duration("reverify", "1h"),
    spread: config.spread ?? false,
    stateDir: config.stateDir,
    stateKeys: config.stateKeys ?? true,
    vault: vaultUse(config, problems, logger),
    expectations: expectations(config, found, problems),
    groupBy: groupBy ?? [],
    maxSets: count("maxSets", 10_000),
    maxSlots: count("maxSlots", 20_000),
  };
  if (problems.length > 0) throw new AgentError("config", problems.join("\n"));
  return settings;
}

function expectations(
  config: ResticInstrumentationConfig,
  found: readonly RepositorySettings[],
  problems: string[],
): ExpectationSettings {
  const areComplete = found.length === config.repositories.length;
  const parsed = parseExpectations(config, { list: found, areComplete });
  problems.push(
    ...parsed.problems.map(({ path, message }) => `${printPath(path, config)}: ${message}`),
  );
  return parsed.value;
}

function vaultUse(
  { vault }: ResticInstrumentationConfig,
  problems: string[],
  logger: Logger | undefined,
): VaultUse {
  const parsed = parseVaultSettings(vault, process.env);
  const found = "value" in parsed ? parsed.warnings : parsed.problems;
  const lines = found.map(
    ({ path, message }) =>
      `${path[0] === "vault" ? printPath(path, { vault }) : path.join(".")}: ${message}`,
  );
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
      `${printPath(["repositories", index, ...path], config)}: ${message}`;
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
