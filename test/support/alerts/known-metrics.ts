import { ALL_METRICS, prometheusName } from "../../house/docs.ts";
import type { KnownMetrics } from "./expression-problems.ts";

/** Every metric of the agent, by its Prometheus name. */
export const KNOWN_METRICS: KnownMetrics = new Map(
  ALL_METRICS.map((metric) => [prometheusName(metric), metric.labels]),
);
