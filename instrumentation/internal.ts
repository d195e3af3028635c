// What the agent is made of, beside `monitor.ts`. Applications use `index.ts`; this changes without notice.
export { formatDuration, parseDurationMs } from "./core/duration.ts";
export { parseSchedule } from "./collect/schedule.ts";
export { nearest } from "./settings/nearest.ts";
export { isRecord, unknownKey } from "./settings/problem.ts";
export type { Problem } from "./settings/problem.ts";
export { resolversWith } from "./secrets/resolvers.ts";
export { secretHandle } from "./secrets/handle.ts";
export { httpClient } from "./http/client.ts";
export type { HttpResponse, Send } from "./http/client.ts";
export { retry } from "./http/retry.ts";
export { statusError } from "./http/status-error.ts";
export { shellWords } from "./backends/child-process/shell-words.ts";
export { parseReference, sameReference } from "./secrets/reference.ts";
export { parseRepository } from "./settings/repository.ts";
export type { MonitorSettings, RepositorySettings } from "./settings/repository.ts";
export { bindMetrics, boundTable } from "./metrics/observable-gauges.ts";
export type { BoundTable, Meter, Piece } from "./metrics/observable-gauges.ts";
export { producedParts } from "./metrics/metric-producer.ts";
export type { ProducedMetric } from "./metrics/metric-producer.ts";
export type { BackupSet, RepositoryState } from "./restic/state.ts";
export type { Extensions } from "./monitor/extensions.ts";
export { VaultScheme } from "./vault/scheme.ts";
export { VAULT_DISABLED, parseVaultSettings } from "./vault/settings.ts";
export type { VaultUse } from "./vault/settings.ts";
export { limit } from "./core/limit.ts";
export { systemClock } from "./core/clock.ts";
export type { Clock } from "./core/clock.ts";
export { AgentError, ERROR_CODES, toAgentError } from "./core/error.ts";
export type { ErrorCode } from "./core/error.ts";
export type { LogFields, Logger } from "./core/log.ts";
export { Secret } from "./core/secret.ts";
export type { SecretHandle, SecretReference, SecretResolver } from "./core/secret.ts";
export type {
  Attempt,
  Job,
  Labels,
  MetricSpec,
  Point,
  Reading,
  Source,
  StoreEntry,
} from "./core/source.ts";
