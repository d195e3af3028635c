// A program as a user of OpenTelemetry's stock exporter would write it, with its limit of 2,000 series lifted.
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";

const [sets, ...names] = process.argv.slice(2);
const port = 20_000 + (process.pid % 20_000);
const exporter = new PrometheusExporter({ host: "127.0.0.1", port, preventServerStart: true });
exporter.selectCardinalityLimit = () => 1_000_000;
const meter = new MeterProvider({ readers: [exporter] }).getMeter("bench");
for (const name of names) {
  const gauge = meter.createObservableGauge(name, { description: "A gauge of a backup set." });
  gauge.addCallback((result) => {
    for (let set = 0; set < Number(sets); set++) {
      const labels = { url: "rest:http://localhost/repository", host: `host-${set}`, user: "root" };
      result.observe(1_700_000_000 + set, labels);
    }
  });
}
await exporter.startServer();
// Its server does not hold the process.
setInterval(() => {}, 2 ** 30);
process.stdout.write(`http://127.0.0.1:${port}\n`);
