// restic metrics in an application with NodeSDK, which collects and exports the metrics of its instrumentations.
import { ConsoleMetricExporter, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { ResticInstrumentation, trackVanishingSeries } from "restic-otel-instrumentation";

const reader = trackVanishingSeries(
  new PeriodicExportingMetricReader({ exporter: new ConsoleMetricExporter() }),
);
const restic = new ResticInstrumentation({
  repositories: [{ repo: process.env.RESTIC_REPOSITORY, password: { env: "RESTIC_PASSWORD" } }],
  onCollection: async ({ total, failed }) => {
    console.log(`${total} repositories, ${failed} failed`);
    await sdk.shutdown(); // exports once more, but does not disable the instrumentations
    restic.disable();
  },
});
// @opentelemetry/sdk-node knows metricReaders since 0.204; older versions use metricReader.
const sdk = new NodeSDK({
  metricReaders: [reader],
  metricReader: reader,
  instrumentations: [restic],
});
sdk.start();
