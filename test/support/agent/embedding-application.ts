/** Ways in which an application can register the instrumentation with its SDK. */
export const KINDS = ["plain", "register", "node-sdk", "producer"] as const;

/**
 * A small application in TypeScript. It prints the number of backup sets in its exporter and of repositories with counters, before
 * and after the removal of the larger of two repositories.
 * @param list whether NodeSDK accepts a list of readers
 */
export function application(list: boolean): string {
  return `
import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { AgentError, MAX_SIZE_BYTES, ResticInstrumentation, resticMetricProducer, Secret, trackVanishingSeries } from "restic-otel-instrumentation";
import type { Backend, MetricSpec, ResticInstrumentationConfig, SecretResolver, Source, StoreEntry } from "restic-otel-instrumentation";

const kind = process.argv[2];
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const few = { repo: process.env["REPO"] ?? "", password: "web-password" };
const many = { repo: process.env["MANY"] ?? "", password: process.env["MANY_PASSWORD"] ?? "" };
const collected = Promise.withResolvers<void>();
const config: ResticInstrumentationConfig = { repositories: [few, many], cron: "*/15 * * * *" };
const restic = new ResticInstrumentation({ ...config, onCollection: () => collected.resolve() });
const stock = { exporter, exportIntervalMillis: 3_600_000, exportTimeoutMillis: 30_000 };
const reader = kind === "producer"
  ? new PeriodicExportingMetricReader({ ...stock, metricProducers: [resticMetricProducer(restic)] })
  : trackVanishingSeries(new PeriodicExportingMetricReader(stock));

function begin(): () => Promise<void> {
  if (kind === "node-sdk") {
    const sdk = new NodeSDK({ ${list ? "metricReaders: [reader]" : "metricReader: reader"}, instrumentations: [restic] });
    sdk.start();
    return () => sdk.shutdown();
  }
  const meterProvider = new MeterProvider({ readers: [reader] });
  if (kind === "register") registerInstrumentations({ instrumentations: [restic], meterProvider });
  else {
    restic.setMeterProvider(meterProvider);
    restic.enable();
  }
  return () => meterProvider.shutdown();
}

async function exported(): Promise<{ readonly sets: number; readonly counted: number }> {
  exporter.reset();
  await reader.forceFlush();
  const metrics = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
  const points = (name: string) => metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [];
  return {
    sets: points("backup.snapshot_count").length,
    counted: new Set(points("backup.repository.requests").map(({ attributes }) => attributes["url"])).size,
  };
}

const end = begin();
await collected.promise;
const first = await exported();
restic.setConfig({ ...config, repositories: [few] });
await restic.collect();
console.log(JSON.stringify({ first, later: await exported(), known: restic.state().length }));
restic.disable();
await end();

// The types for a user's own source, backend and secret resolver.
const source: Source<number> = { subject: { a: "b" }, collect: async () => ({ state: 1, complete: true }) };
const spec: MetricSpec<StoreEntry<number>> = {
  name: "a.b", kind: "gauge", description: "", labels: ["a"], points: ({ subject, state }) => [[state ?? 0, subject]],
};
const backend: Backend = {
  location: "mine:", connections: 1,
  list: async () => ({ names: [], next: undefined, receivedBytes: 0 }),
  load: async (type) => new Uint8Array(MAX_SIZE_BYTES[type]),
};
const resolver: SecretResolver = { scheme: "mine", check: () => undefined, resolve: async () => new Secret("x") };
void [source, spec, backend, resolver, AgentError];
`;
}

/** A minimal application in CommonJS. */
export const COMMONJS_APPLICATION = `
const { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } = require("@opentelemetry/sdk-metrics");
const { ResticInstrumentation, trackVanishingSeries } = require("restic-otel-instrumentation");

const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = trackVanishingSeries(new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3600000, exportTimeoutMillis: 30000 }));
const provider = new MeterProvider({ readers: [reader] });
const restic = new ResticInstrumentation({
  repositories: [{ repo: process.env.REPO, password: "web-password" }],
  async onCollection() {
    await reader.forceFlush();
    const metrics = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
    console.log(metrics.find(({ descriptor }) => descriptor.name === "backup.snapshot_count").dataPoints.length);
    restic.disable();
    await provider.shutdown();
  },
});
restic.setMeterProvider(provider);
restic.enable();
`;

/** Prints the files of the monitor, the backends and the HTTP clients that are loaded after the import, and after a collection. */
export const LOADED_PROGRAM = `
import { registerHooks } from "node:module";
const loaded = new Set();
registerHooks({ load(url, context, next) { loaded.add(url); return next(url, context); } });
const heavy = () => [...loaded].filter((url) => /undici|node-vault|monitor\\.js|dist\\/backends\\/(\\w+)\\/\\1\\.js/.test(url)).map((url) => url.replace(/.*\\/node_modules\\//, ""));
const { ResticInstrumentation } = await import("restic-otel-instrumentation");
const imported = heavy();
const restic = new ResticInstrumentation({ repositories: [{ repo: process.env.REPO, password: "web-password" }] });
restic.enable();
await restic.collect();
while (restic.state().length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
console.log(JSON.stringify({ imported, collected: heavy() }));
restic.disable();
`;

/** The strictest options, for the type check of an application. */
export const COMPILER_OPTIONS = {
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  module: "nodenext",
  target: "es2024",
  lib: ["esnext", "dom"],
  types: ["node"],
  outDir: "out",
};
