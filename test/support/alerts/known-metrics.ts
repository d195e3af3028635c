import { ALL_METRICS, prometheusName } from "../../house/docs.ts";
import type { KnownMetrics } from "./expression-problems.ts";

const URL_METRICS = [
  "backup_repository_packs",
  "backup_repository_stored_bytes",
  "backup_repository_indexed_bytes",
  "backup_repository_prunable_bytes",
  "backup_repository_logical_bytes",
  "backup_repository_missing_packs",
  "backup_repository_damaged_packs",
  "backup_repository_orphan_packs",
  "backup_repository_lost_packs",
  "backup_repository_unrestorable_snapshots",
  "backup_repository_unreadable_index_files",
  "backup_repository_inventory_timestamp_seconds",
] as const;

/** Metrics that rules and dashboards name already, and whose tables are not there yet, with their labels. */
export const AWAITED: KnownMetrics = new Map<string, readonly string[]>([
  ...URL_METRICS.map((name) => [name, ["url"]] as const),
  ["backup_repository_blobs", ["url", "type"]],
]);

/** Every metric of the agent and those that are awaited, by its Prometheus name. */
export const KNOWN_METRICS: KnownMetrics = new Map([
  ...AWAITED,
  ...ALL_METRICS.map((metric) => [prometheusName(metric), metric.labels] as const),
]);
