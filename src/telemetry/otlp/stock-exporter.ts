import {
  AggregationTemporalityPreference,
  OTLPMetricExporterBase,
} from "@opentelemetry/exporter-metrics-otlp-http";
import {
  createOtlpNetworkExportDelegate,
  ExporterMetrics,
  getSharedConfigurationDefaults,
} from "@opentelemetry/otlp-exporter-base";
import {
  JsonMetricsSerializer,
  MetricsExporterMetricsHelper,
  ProtobufMetricsSerializer,
} from "@opentelemetry/otlp-transformer";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";

import type { OtlpEndpoint } from "../../settings/otlp.ts";

export const SERIALIZERS = {
  "http/json": JsonMetricsSerializer,
  "http/protobuf": ProtobufMetricsSerializer,
} satisfies Record<OtlpEndpoint["protocol"], unknown>;

/** Without a meter provider they record nothing. */
const UNRECORDED = new ExporterMetrics({
  componentType: "otlp_http_metric_exporter",
  metricsHelper: MetricsExporterMetricsHelper,
  url: undefined,
  meterProvider: undefined,
  responseAttributesFromError: () => ({}),
});

/** Exports by the exporter of the SDK. @param send sends the body of a request @throws what `send` throws */
export async function stockExport(
  metrics: ResourceMetrics,
  protocol: OtlpEndpoint["protocol"],
  send: (body: Uint8Array) => Promise<void>,
): Promise<void> {
  const delegate = createOtlpNetworkExportDelegate(
    getSharedConfigurationDefaults(),
    SERIALIZERS[protocol],
    UNRECORDED,
    {
      async send(body) {
        await send(body);
        return { status: "success" };
      },
      shutdown() {},
    },
  );
  const exporter = new OTLPMetricExporterBase(delegate, {
    // Otherwise a variable of the environment decides.
    temporalityPreference: AggregationTemporalityPreference.CUMULATIVE,
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  exporter.export(metrics, ({ error }) => (error ? reject(error) : resolve()));
  await promise;
}
