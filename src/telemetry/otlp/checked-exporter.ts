import { ExportResultCode } from "@opentelemetry/core";
import type { ExportResult } from "@opentelemetry/core";
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
import type { CheckedSerializer, Redact } from "./response.ts";

export interface CheckedExporterOptions {
  readonly userAgent: string;
  /** Called for each request. @throws AgentError if a secret cannot be resolved */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  /** Replaces the secrets of the last request in text. */
  readonly redact: Redact;
  /** Closes every connection, also in the middle of an export. */
  readonly closed: AbortSignal;
}

/** The stock exporter, but only a response that accepts every point is a success. For one export at a time. */
export class CheckedExporter extends OTLPMetricExporterBase {
  readonly #endpoint: OtlpEndpoint;
  readonly #serializer: CheckedSerializer;
  readonly #redact: Redact;

  constructor(
    endpoint: OtlpEndpoint,
    { userAgent, headers, redact, closed }: CheckedExporterOptions,
  ) {
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
    super(
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
    this.#endpoint = endpoint;
    this.#serializer = serializer;
    this.#redact = redact;
  }

  /** Calls back with an AgentError, or with BodyTooLargeError if nothing was sent. */
  override export(metrics: ResourceMetrics, done: (result: ExportResult) => void): void {
    super.export(metrics, (result) => {
      const problem = this.#serializer.problem();
      const failure = problem instanceof BodyTooLargeError ? undefined : result.error;
      const error = failure ? exportFailure(failure, this.#endpoint, this.#redact) : problem;
      done(error ? { code: ExportResultCode.FAILED, error } : result);
    });
  }
}
