// An application with the metric process_start_time_seconds, as many have it, which embeds the gauges if its settings name repositories.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { ResticInstrumentation, trackVanishingSeries } from "restic-otel-instrumentation";
import type { ResticInstrumentationConfig } from "restic-otel-instrumentation";

const { repositories }: Pick<ResticInstrumentationConfig, "repositories"> = JSON.parse(
  readFileSync(process.argv[3] ?? "", "utf8"),
);
const startedAt = Date.now();

const exporter = new PrometheusExporter({ preventServerStart: true });
const meterProvider = new MeterProvider({ readers: [trackVanishingSeries(exporter)] });
meterProvider
  .getMeter("application")
  .createObservableGauge("process_start_time_seconds")
  .addCallback((result) => result.observe(startedAt / 1000));

const restic = new ResticInstrumentation({ repositories });
restic.setMeterProvider(meterProvider);
if (repositories.length > 0) restic.enable();

const server = createServer((request, response) => {
  if (request.method === "GET") exporter.getMetricsRequestHandler(request, response);
  else void restic.collect().finally(() => response.end());
});
server.listen(0, "127.0.0.1", () => {
  const { port } = Object(server.address());
  process.stdout.write(`msg=listening address=127.0.0.1:${port}\n`);
});
