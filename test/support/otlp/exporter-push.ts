import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";

import { systemClock } from "../../../instrumentation/core/clock.ts";
import { Secret } from "../../../instrumentation/core/secret.ts";
import { resolversWith } from "../../../instrumentation/secrets/resolvers.ts";
import type { OtlpEndpoint } from "../../../src/settings/otlp.ts";
import { OtlpExporter } from "../../../src/telemetry/otlp/exporter.ts";
import type { OtlpExporterOptions } from "../../../src/telemetry/otlp/exporter.ts";
import { ManualReader } from "./manual-reader.ts";

/** The gauge `backup.days_age` with one point for each host, as the SDK collects it. */
async function daysAge(hosts: readonly string[]): Promise<ResourceMetrics> {
  const reader = new ManualReader();
  const provider = new MeterProvider({
    readers: [reader],
    resource: resourceFromAttributes({
      "service.name": "restic-otel",
      "service.version": "1.2.3",
    }),
  });
  provider
    .getMeter("restic-otel", "1.2.3")
    .createObservableGauge("backup.days_age")
    .addCallback((result) => hosts.forEach((host) => result.observe(3, { host })));
  const { resourceMetrics } = await reader.collect();
  return resourceMetrics;
}

export function literalHeader(value: string): OtlpEndpoint["headers"][string] {
  return { scheme: "literal", reference: new Secret(value) };
}

/** An exporter to a URL: JSON, gzip, the header `x-token: CANARY`, and the system clock. */
export function exporterTo(
  url: string,
  changes: Partial<OtlpEndpoint> = {},
  options: Partial<OtlpExporterOptions> = {},
): OtlpExporter {
  const endpoint: OtlpEndpoint = {
    url,
    headers: { "x-token": literalHeader("CANARY") },
    protocol: "http/json",
    compression: "gzip",
    timeoutMs: 10_000,
    tls: { ca: undefined, cert: undefined, key: undefined },
    ...changes,
  };
  return new OtlpExporter(endpoint, {
    resolvers: resolversWith([]),
    version: "1.2.3",
    clock: systemClock,
    ...options,
  });
}

interface PushOptions {
  readonly hosts?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Pushes one gauge. @throws as `OtlpExporter.push` */
export async function pushOnce(
  exporter: OtlpExporter,
  { hosts = ["web"], signal = new AbortController().signal }: PushOptions = {},
): Promise<void> {
  await exporter.push(await daysAge(hosts), signal);
}
