// Exports for the agent, which also imports `monitor/monitor.ts` and `http/client.ts`. May change without notice: applications use `index.ts`.
export { DURATION, formatDuration, parseDurationMs, positiveMs } from "./core/duration.ts";
export { parseSchedule } from "./collect/schedule.ts";
export { nearest } from "./settings/nearest.ts";
export { isPrintable, printPath } from "./settings/print-path.ts";
export { unknownKey, unknownKeys } from "./settings/problem.ts";
export { isJsonObject } from "./core/json.ts";
export { Redaction } from "./core/known-secrets.ts";
export { withoutTrailingSlashes } from "./http/url-path.ts";
export { described, mapping, SECRET, TEXT } from "./core/json-schema.ts";
export type { JsonSchema, Properties } from "./core/json-schema.ts";
export { percentDecoded } from "./core/parse-text.ts";
export { waitFor } from "./core/abort.ts";
export { withTimeLimit } from "./core/time-limit.ts";
export { readPem } from "./http/pem.ts";
export { isStaleSocket } from "./core/stale-socket.ts";
export type { Problem } from "./settings/problem.ts";
export { resolversWith } from "./secrets/resolvers.ts";
export { isUtf16 } from "./secrets/trim.ts";
export { isVariableName } from "./secrets/environment.ts";
export { isPath } from "./core/shown-path.ts";
export { secretHandle } from "./secrets/handle.ts";
export { retry } from "./http/retry.ts";
export { logRequests } from "./http/request-log.ts";
export { proxyFor } from "./http/proxy.ts";
export { statusError } from "./http/status-error.ts";
export { shellWords } from "./backends/child-process/shell-words.ts";
export { parseReference } from "./secrets/reference.ts";
export { parseSnapshotSize, SNAPSHOT_SIZE_EXPECTED } from "./settings/snapshot-size.ts";
export {
  INVENTORY_EXPECTED,
  INVENTORY_SCHEMA,
  inventoryOf,
  parseInventory,
} from "./settings/inventory.ts";
export type { InventoryEntry } from "./monitor/inventory-plan.ts";
export type { InventoryGiven, InventorySettings } from "./settings/inventory.ts";
export { LOCKS_EXPECTED, LOCKS_SCHEMA, parseLocks } from "./settings/locks.ts";
export type { LocksEvery } from "./settings/locks.ts";
export { parseRepository } from "./settings/repository.ts";
export { parseRepositories } from "./settings/repositories.ts";
export { secretsOf } from "./monitor/secrets-in.ts";
export type { RepositorySettings } from "./settings/repository.ts";
export { NO_EXPECTATIONS } from "./settings/expectations/expectations.ts";
export type { ExpectationSettings } from "./settings/expectations/expectations.ts";
export { EXPECTATION_SECTIONS, parseExpectations } from "./settings/expectations/parse.ts";
export { escapeGlob } from "./settings/expectations/glob.ts";
export {
  GROUP_BY_EXPECTED,
  GROUP_BY_SCHEMA,
  parseGroupBy,
} from "./settings/expectations/group-by.ts";
export type { Reason } from "./expectations/judge.ts";
export type { Gap, PeriodCount } from "./expectations/retention/retained.ts";
export type { Slot } from "./expectations/slots.ts";
export type { Doubt, DoubtCause } from "./expectations/doubts.ts";
export type { Expectations } from "./expectations/overview.ts";
export type { GroupBy } from "./settings/expectations/group-by.ts";
export type { MonitorSettings } from "./monitor/monitor-settings.ts";
export { boundTable } from "./metrics/bound-table.ts";
export type { BoundTable, TableEntries } from "./metrics/bound-table.ts";
export { bindMetrics } from "./metrics/observable-gauges.ts";
export type { BackupSet, RepositoryState } from "./restic/state.ts";
export type { Extensions } from "./monitor/extensions.ts";
export { disabledResolver } from "./vault/reference.ts";
export { ReloadableVaultResolver } from "./vault/reloadable-resolver.ts";
export { VAULT_DISABLED, parseVaultSettings } from "./vault/settings.ts";
export type { VaultParsed, VaultUse } from "./vault/settings.ts";
export { limit } from "./core/limit.ts";
export { systemClock } from "./core/clock.ts";
export type { Clock } from "./core/clock.ts";
export { AgentError, badValue, ERROR_CODES, shownValue, toAgentError } from "./core/error.ts";
export type { ErrorCode } from "./core/error.ts";
export type { LogFields, Logger } from "./core/log.ts";
export { sameSettings, Secret } from "./core/secret.ts";
export type { SecretHandle, SecretReference, SecretResolver } from "./core/secret.ts";
export type { Labels, Reading, Source, StoreEntry } from "./core/source.ts";
export type { MetricSpec, Point } from "./metrics/spec.ts";
