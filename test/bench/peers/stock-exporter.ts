// A typical program with OpenTelemetry's Prometheus exporter, with a higher cardinality limit than the default 2,000.
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";

const [sets, changing, ...names] = process.argv.slice(1);
const port = 20_000 + (process.pid % 20_000);
const exporter = new PrometheusExporter({
  host: "127.0.0.1",
  port,
  preventServerStart: true,
  withoutScopeInfo: true,
});
exporter.selectCardinalityLimit = () => 1_000_000;
const meter = new MeterProvider({ readers: [exporter] }).getMeter("bench");
const values = Array.from({ length: Number(sets) }, (_, set) => 1_700_000_000 + set);
for (const name of names) {
  const gauge = meter.createObservableGauge(name, { description: "A gauge of a backup set." });
  gauge.addCallback((result) => {
    for (const [set, value] of values.entries()) {
      const labels = { url: "rest:http://localhost/repository", host: `host-${set}`, user: "root" };
      result.observe(value, labels);
    }
  });
}
let next = 0;
if (Number(changing) > 0)
  setInterval(() => {
    for (let index = 0; index < Number(changing); index++)
      values[next % Number(sets)] = 1_700_000_000 + next++;
  }, 100);
await exporter.startServer();
// The exporter's server does not keep the process alive.
setInterval(() => {}, 2 ** 30);
process.stdout.write(`http://127.0.0.1:${port}\n`);
