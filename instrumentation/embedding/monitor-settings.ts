import { parseSchedule } from "../collect/schedule.ts";
import { positiveMs } from "../core/duration.ts";
import { AgentError, badValue } from "../core/error.ts";
import type { Logger } from "../core/log.ts";
import type { Problem } from "../settings/problem.ts";
import { resolversWith } from "../secrets/resolvers.ts";
import { printPath } from "../settings/print-path.ts";
import { parseExpectations } from "../settings/expectations/parse.ts";
import { GROUP_BY_EXPECTED, parseGroupBy } from "../settings/expectations/group-by.ts";
import type { GroupBy } from "../settings/expectations/group-by.ts";
import { INVENTORY_EXPECTED, parseInventory } from "../settings/inventory.ts";
import type { InventoryGiven } from "../settings/inventory.ts";
import { LOCKS_EXPECTED, parseLocks } from "../settings/locks.ts";
import type { LocksEvery } from "../settings/locks.ts";
import { COUNT_EXPECTED, parseCount } from "../settings/expectations/entry-reader.ts";
import { parseRepositories } from "../settings/repositories.ts";
import type { ExpectationSettings } from "../settings/expectations/expectations.ts";
import { secretsOf } from "../monitor/secrets-in.ts";
import type { RepositorySettings } from "../settings/repository.ts";
import type { MonitorSettings } from "../monitor/monitor-settings.ts";
import { disabledResolver } from "../vault/reference.ts";
import { parseVaultSettings } from "../vault/settings.ts";
import type { VaultUse } from "../vault/settings.ts";
import { parseSnapshotSize, SNAPSHOT_SIZE_EXPECTED } from "../settings/snapshot-size.ts";
import { unknownOptions } from "./check-options.ts";
import type { ResticInstrumentationConfig } from "./config.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MIB = 2 ** 20;

/**
 * @param logger receives warnings
 * @throws AgentError `config` with one line for each problem
 */
export function monitorSettings(
  config: ResticInstrumentationConfig,
  logger?: Logger,
): MonitorSettings {
  const problems = [...unknownOptions(config)];
  const read = <T>(
    name: keyof ResticInstrumentationConfig,
    parse: (value: unknown) => T | undefined,
    initial: T,
    expected: string,
  ): T => {
    const value = config[name];
    if (value === undefined) return initial;
    const parsed = parse(value);
    if (parsed === undefined) problems.push(`${name}: ${badValue(value)}${expected}`);
    return parsed ?? initial;
  };
  const duration = (name: keyof ResticInstrumentationConfig, initialMs: number): number =>
    read(name, positiveMs, initialMs, 'must be a duration with its unit, like "30s" or "5m"');
  const count = (name: keyof ResticInstrumentationConfig, initial: number): number =>
    read(name, parseCount, initial, COUNT_EXPECTED);
  const concurrency = count("concurrency", 8);
  const { cron = "@every 15m" } = config;
  try {
    parseSchedule(cron, config.timezone);
  } catch (error) {
    problems.push(`cron: ${error instanceof Error ? error.message : String(error)}`);
  }
  const found = repositories(config, problems, logger);
  const settings = {
    repositories: found.filter(({ disabled }) => !disabled),
    otherSecrets: found.filter(({ disabled }) => disabled).flatMap(secretsOf),
    cron,
    timezone: config.timezone,
    timeoutMs: duration("timeout", 5 * MINUTE_MS),
    requestTimeoutMs: duration("requestTimeout", MINUTE_MS),
    maxSnapshotBytes: read("maxSnapshotSize", parseSnapshotSize, 8 * MIB, SNAPSHOT_SIZE_EXPECTED),
    maxBackupMs: duration("maxBackupDuration", 24 * HOUR_MS),
    inventory: read<InventoryGiven>("inventory", parseInventory, "off", INVENTORY_EXPECTED),
    locksEvery: read<LocksEvery>("locks", parseLocks, "off", LOCKS_EXPECTED),
    concurrency,
    legacyLabel: false,
    retryFailed: config.retryFailed ?? true,
    reverifyMs: duration("reverify", HOUR_MS),
    spread: config.spread ?? false,
    stateDir: config.stateDir,
    stateKeys: config.stateKeys ?? true,
    vault: vaultUse(config, problems, logger),
    expectations: expectations(config, found, problems),
    groupBy: read<GroupBy>("groupBy", parseGroupBy, [], GROUP_BY_EXPECTED),
    maxSets: count("maxSets", 10_000),
    maxSlots: count("maxSlots", 20_000),
  };
  if (problems.length > 0) throw new AgentError("config", problems.join("\n"));
  return settings;
}

/** @param root what the path leads into */
function lineOf({ path, message }: Problem, root: unknown): string {
  return `${printPath(path, root)}: ${message}`;
}

function expectations(
  config: ResticInstrumentationConfig,
  found: readonly RepositorySettings[],
  problems: string[],
): ExpectationSettings {
  const areComplete = found.length === config.repositories.length;
  const parsed = parseExpectations(config, { list: found, areComplete });
  problems.push(...parsed.problems.map((one) => lineOf(one, config)));
  return parsed.value;
}

function vaultUse(
  { vault }: ResticInstrumentationConfig,
  problems: string[],
  logger: Logger | undefined,
): VaultUse {
  const parsed = parseVaultSettings(vault, process.env);
  const line = ({ path, message }: Problem): string =>
    path[0] === "vault" ? lineOf({ path, message }, { vault }) : `${path.join(".")}: ${message}`;
  problems.push(...parsed.problems.map(line));
  for (const one of parsed.warnings) logger?.warn(line(one));
  return parsed.value;
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
  const parsed = parseRepositories(config.repositories, ["repositories"], resolvers, backends);
  problems.push(...parsed.problems.map((one) => lineOf(one, config)));
  for (const one of parsed.warnings) logger?.warn(lineOf(one, config));
  return parsed.value;
}
