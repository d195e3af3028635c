// What the agent is made of, beside `monitor.ts`. Applications use `index.ts`; this changes without notice.
export { formatDuration, parseDurationMs } from "./core/duration.ts";
export { parseSchedule } from "./collect/schedule.ts";
export { nearest } from "./nearest.ts";
export { isRecord, unknownKey } from "./problem.ts";
export type { Problem } from "./problem.ts";
export { schemesWith } from "./schemes.ts";
export { secretHandle } from "./secrets/handle.ts";
export { httpClient } from "./net/http.ts";
export type { HttpResponse, Send } from "./net/http.ts";
export { retry } from "./net/retry.ts";
export { statusError } from "./net/status.ts";
export { shellWords } from "./restic/backend/shell-words.ts";
export { parseReference, sameReference } from "./secrets/reference.ts";
export { parseRepository } from "./settings.ts";
export type { MonitorSettings, RepositorySettings } from "./settings.ts";
export { bindMetrics, boundTable } from "./collect/gauges.ts";
export type { BoundTable, Meter, Piece } from "./collect/gauges.ts";
export { producedParts } from "./collect/produce.ts";
export type { ProducedMetric } from "./collect/produce.ts";
export type { BackupSet, RepositoryState } from "./restic/state.ts";
export type { Extensions } from "./extensions.ts";
export { VaultScheme } from "./vault/scheme.ts";
export { NO_ADDRESS, parseVaultSettings } from "./vault/settings.ts";
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
