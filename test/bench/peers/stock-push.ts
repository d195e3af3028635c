// A typical program with OpenTelemetry's periodic reader and OTLP exporter, with a higher cardinality limit than the default 2,000. A scrape triggers a push.
import { createServer } from "node:http";

import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";

const [sets, url, ...names] = process.argv.slice(1);
const exporter = new OTLPMetricExporter({ url: url ?? "" });
const reader = new PeriodicExportingMetricReader({
  exporter,
  exportIntervalMillis: 2 ** 30,
  exportTimeoutMillis: 60_000,
  cardinalityLimits: { default: 1_000_000 },
});
const meter = new MeterProvider({ readers: [reader] }).getMeter("bench");
for (const name of names) {
  const gauge = meter.createObservableGauge(name, { description: "A gauge of a backup set." });
  gauge.addCallback((result) => {
    for (let set = 0; set < Number(sets); set++) {
      const labels = { url: "rest:http://localhost/repository", host: `host-${set}`, user: "root" };
      result.observe(1_700_000_000 + set, labels);
    }
  });
}
const server = createServer((_, response) => {
  void reader.forceFlush().then(() => response.end("pushed"));
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address)
    process.stdout.write(`http://127.0.0.1:${address.port}\n`);
});
