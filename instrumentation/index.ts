// For applications with an OpenTelemetry SDK, and for sources, backends and secret resolvers of your own.
export { ResticInstrumentation, resticMetricProducer } from "./embedding/instrumentation.ts";
export type {
  ExpectationConfig,
  InventoryConfig,
  RenameConfig,
  RepositoryConfig,
  ResticInstrumentationConfig,
  RetentionConfig,
  RetiredConfig,
  SecretConfig,
} from "./embedding/config.ts";
export { trackVanishingSeries } from "./embedding/track-vanishing-series.ts";
export type { Extensions } from "./monitor/extensions.ts";
export { sourceSet } from "./collect/source-set.ts";
export type { SourceSet } from "./collect/source-set.ts";
export type { JobOutcome } from "./collect/outcome.ts";
export type { RepositoryState } from "./restic/state.ts";
export { MAX_SIZE_BYTES } from "./backends/backend.ts";
export type { Backend, FileType, ListedFiles, ListOptions, Page } from "./backends/backend.ts";
export type { BackendContext, OpenCustomBackend } from "./backends/context.ts";
export { AgentError, ERROR_CODES } from "./core/error.ts";
export type { ErrorCode } from "./core/error.ts";
export type { LogFields, Logger } from "./core/log.ts";
export { Secret } from "./core/secret.ts";
export type { SecretResolver } from "./core/secret.ts";
export type { Attempt, Labels, Reading, Source, StoreEntry } from "./core/source.ts";
export type { MetricSpec, Point } from "./metrics/spec.ts";
