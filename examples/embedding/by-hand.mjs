import {
  ConsoleMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { ResticInstrumentation, trackVanishingSeries } from "restic-otel-instrumentation";

const reader = new PeriodicExportingMetricReader({ exporter: new ConsoleMetricExporter() });
const meterProvider = new MeterProvider({ readers: [trackVanishingSeries(reader)] });

const restic = new ResticInstrumentation({
  repositories: [{ repo: process.env.RESTIC_REPOSITORY, password: { env: "RESTIC_PASSWORD" } }],
  cron: "*/15 * * * *", // default: @every 15m, and at once
  onCollection: ({ total, failed }) => console.log(`${total} repositories, ${failed} failed`),
});
restic.setMeterProvider(meterProvider);
restic.enable();

// A service that keeps running needs neither line: it collects and exports on schedule.
await restic.collect();
await meterProvider.forceFlush();
