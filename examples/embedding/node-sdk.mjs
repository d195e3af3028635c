// restic metrics in an application that uses NodeSDK, which collects and exports whatever its instrumentations measure.
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
    await sdk.shutdown(); // exports once more; it does not disable instrumentations
    restic.disable();
  },
});
// SDK 3.x takes a list, 1.x and early 2.x one reader.
const sdk = new NodeSDK({
  metricReaders: [reader],
  metricReader: reader,
  instrumentations: [restic],
});
sdk.start();
