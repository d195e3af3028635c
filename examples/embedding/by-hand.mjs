// restic metrics in an application with its own MeterProvider. Replace the console exporter by an OTLP exporter.
import {
  ConsoleMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { ResticInstrumentation, trackVanishingSeries } from "restic-otel-instrumentation";

const reader = new PeriodicExportingMetricReader({ exporter: new ConsoleMetricExporter() });
const provider = new MeterProvider({ readers: [trackVanishingSeries(reader)] });

const restic = new ResticInstrumentation({
  repositories: [{ repo: process.env.RESTIC_REPOSITORY, password: { env: "RESTIC_PASSWORD" } }],
  cron: "*/15 * * * *",
  onCollection: async ({ total, failed }) => {
    console.log(`${total} repositories, ${failed} failed`);
    await provider.forceFlush();
    restic.disable();
    await provider.shutdown();
  },
});
restic.setMeterProvider(provider);
restic.enable();
