import {
  AggregationTemporalityPreference,
  OTLPMetricExporterBase,
} from "@opentelemetry/exporter-metrics-otlp-http";
import { createOtlpHttpExportDelegate } from "@opentelemetry/otlp-exporter-base/node-http";
import { MetricsExporterMetricsHelper } from "@opentelemetry/otlp-transformer";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";

import { endpointName } from "../../settings/otlp.ts";
import type { OtlpEndpoint } from "../../settings/otlp.ts";
import { agentFactory } from "./agent-factory.ts";
import { exportFailure } from "./export-failure.ts";
import { BodyTooLargeError, checkedSerializer } from "./response.ts";
import type { Redact } from "./response.ts";

export interface CheckedExporterOptions {
  readonly userAgent: string;
  /** Called for each request. @throws AgentError if a secret cannot be resolved */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  /** Replaces the secrets of the last request in text. */
  readonly redact: Redact;
  /** Closes every connection, also in the middle of an export. */
  readonly closed: AbortSignal;
}

/** One call at a time. @throws AgentError, or BodyTooLargeError if nothing was sent */
export type Export = (metrics: ResourceMetrics) => Promise<void>;

/** The stock exporter, but only a response that accepts every point is a success. */
export function checkedExporter(
  endpoint: OtlpEndpoint,
  { userAgent, headers, redact, closed }: CheckedExporterOptions,
): Export {
  const { url, protocol, compression, timeoutMs } = endpoint;
  const serializer = checkedSerializer(protocol, endpointName(url), redact);
  const type = protocol === "http/json" ? "application/json" : "application/x-protobuf";
  const options = {
    url,
    headers: async () => ({ ...(await headers()), "content-type": type }),
    timeoutMillis: timeoutMs,
    compression,
    // The delegate calls back before it removes an export from its list.
    concurrencyLimit: 2,
    userAgent,
    agentFactory: agentFactory(endpoint, closed),
  };
  const exporter = new OTLPMetricExporterBase(
    createOtlpHttpExportDelegate(
      options,
      serializer,
      "otlp_http_metric_exporter",
      MetricsExporterMetricsHelper,
      undefined,
    ),
    // Otherwise a variable of the environment decides.
    { temporalityPreference: AggregationTemporalityPreference.CUMULATIVE },
  );
  return (metrics) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    exporter.export(metrics, ({ error: failure }) => {
      const problem = serializer.problem();
      if (failure && !(problem instanceof BodyTooLargeError))
        reject(exportFailure(failure, endpoint, redact));
      else if (problem) reject(problem);
      else resolve();
    });
    return promise;
  };
}
