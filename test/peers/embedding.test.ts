import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { mayUseRegistry } from "../support/peers.ts";

const ROOT = join(import.meta.dirname, "../..");
const run = promisify(execFile);

/** The last of each major version, and what goes with it. */
const SDKS = [
  [
    "1.x",
    { api: "1.9.0", "sdk-metrics": "1.30.1", "sdk-node": "0.57.2", instrumentation: "0.57.2" },
  ],
  [
    "2.x",
    { api: "1.9.1", "sdk-metrics": "2.12.0", "sdk-node": "0.223.0", instrumentation: "0.223.0" },
  ],
  [
    "3.x",
    { api: "1.10.0", "sdk-metrics": "3.1.0", "sdk-node": "0.301.0", instrumentation: "0.301.0" },
  ],
] as const;

const APPLICATION = `
import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { AgentError, ResticInstrumentation, resticMetricProducer, Secret, trackVanishingSeries } from "restic-otel-instrumentation";
import type { Source } from "restic-otel-instrumentation";

const kind = process.argv[2];
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const config = { repositories: [{ repo: process.env["REPO"] ?? "", password: "web-password" }] };
const collected = Promise.withResolvers<void>();
const restic = new ResticInstrumentation({ ...config, onCollection: () => collected.resolve() });
const stock = { exporter, exportIntervalMillis: 3_600_000, exportTimeoutMillis: 10_000 };
const reader = kind === "producer"
  ? new PeriodicExportingMetricReader({ ...stock, metricProducers: [resticMetricProducer(restic)] })
  : trackVanishingSeries(new PeriodicExportingMetricReader(stock));
const meterProvider = new MeterProvider({ readers: [reader] });
if (kind === "register") registerInstrumentations({ instrumentations: [restic], meterProvider });
else {
  restic.setMeterProvider(meterProvider);
  restic.enable();
}
await collected.promise;
await meterProvider.forceFlush();
const metrics = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
console.log(JSON.stringify({
  sets: metrics.find(({ descriptor }) => descriptor.name === "backup.snapshot_count")?.dataPoints.length,
  names: metrics.length,
}));
restic.disable();
await meterProvider.shutdown();

// What somebody needs to write a source of their own.
const source: Source<number> = { subject: { a: "b" }, collect: async () => ({ state: 1, complete: true }) };
void [source, AgentError, Secret];
`;

const TSCONFIG = {
  compilerOptions: {
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    module: "nodenext",
    target: "es2024",
    lib: ["esnext", "dom"],
    types: ["node"],
    outDir: "out",
  },
  include: ["app.mts"],
};

describe.skipIf(!mayUseRegistry())("in an application, from the packed package", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "embedding-"));
    await npm(["run", "build"], ROOT);
    await npm(["pack", "-w", "instrumentation", "--pack-destination", folder], ROOT);
  });

  afterAll(() => rm(folder, { recursive: true }));

  async function npm(args: readonly string[], cwd: string): Promise<string> {
    const { stdout } = await run("npm", [...args], { cwd, maxBuffer: 2 ** 24 });
    return stdout;
  }

  describe.for(SDKS)("with SDK %s", ([major, { api, ...packages }]) => {
    let app: string;

    async function node(...args: readonly string[]): Promise<string> {
      const env = {
        PATH: process.env["PATH"],
        REPO: join(ROOT, "examples/repositories/web"),
        RESTIC_REPOSITORY: join(ROOT, "examples/repositories/web"),
        RESTIC_PASSWORD: "web-password",
        OTEL_TRACES_EXPORTER: "none",
        OTEL_LOGS_EXPORTER: "none",
      };
      const { stdout } = await run(process.execPath, [...args], { cwd: app, env, timeout: 60_000 });
      return stdout;
    }

    beforeAll(async () => {
      app = join(folder, major);
      await cp(join(ROOT, "examples/embedding"), app, { recursive: true });
      const dependencies = {
        "restic-otel-instrumentation": `file:../restic-otel-instrumentation-0.1.0.tgz`,
        "@opentelemetry/api": api,
        ...Object.fromEntries(
          Object.entries(packages).map(([name, version]) => [`@opentelemetry/${name}`, version]),
        ),
        "@types/node": "^24",
        typescript: "7.0.2",
      };
      await writeFile(join(app, "package.json"), JSON.stringify({ type: "module", dependencies }));
      await writeFile(join(app, "tsconfig.json"), JSON.stringify(TSCONFIG));
      await writeFile(join(app, "app.mts"), APPLICATION);
      await npm(["install", "--no-audit", "--no-fund", "--prefer-offline"], app);
      await node("node_modules/typescript/bin/tsc");
    });

    test("one copy of the API and of the SDK", async () => {
      const list = await npm(
        ["ls", "@opentelemetry/api", "@opentelemetry/sdk-metrics", "-p", "--all"],
        app,
      );
      const copies = new Set(list.trim().split("\n"));
      process.stdout.write(`SDK ${major}: ${copies.size} packages of API and SDK\n`);
      expect([...copies].filter((path) => path.endsWith("@opentelemetry/api"))).toHaveLength(1);
      expect([...copies].filter((path) => path.endsWith("sdk-metrics"))).toHaveLength(1);
    });

    test.for(["plain", "register", "producer"])("%s", async (kind) => {
      expect(JSON.parse(await node("out/app.mjs", kind))).toEqual({ sets: 6, names: 22 });
    });

    test.for(["by-hand.mjs", "node-sdk.mjs"])("the example %s", async (example) => {
      const printed = await node(example);
      expect(printed).toContain("1 repositories, 0 failed");
      expect(printed).toContain("backup.days_age");
    });

    test("by require", async () => {
      const load = "const { ResticInstrumentation } = require('restic-otel-instrumentation')";
      const use =
        "console.log(new ResticInstrumentation({ repositories: [] }).getConfig().enabled)";
      expect(await node("--input-type=commonjs", "-e", `${load}; ${use}`)).toBe("false\n");
    });

    test("importing it loads no backend, no HTTP client, no Vault, and takes hardly longer than the API", async () => {
      const measure = (name: string): string =>
        `const start = performance.now(); await import("${name}"); console.log(performance.now() - start)`;
      const times = async (name: string): Promise<number> => {
        const all: number[] = [];
        for (let index = 0; index < 5; index++)
          all.push(Number(await node("--input-type=module", "-e", measure(name))));
        return all.toSorted((a, b) => a - b)[2] ?? Number.NaN;
      };
      const apiMs = await times("@opentelemetry/api");
      const ownMs = await times("restic-otel-instrumentation");
      process.stdout.write(
        `SDK ${major}: import ${ownMs.toFixed(0)} ms, API alone ${apiMs.toFixed(0)} ms\n`,
      );
      expect(ownMs).toBeLessThan(1.5 * apiMs + 30);
      const loaded = `import "restic-otel-instrumentation"; import { createRequire } from "node:module";
        console.log(Object.keys(createRequire(import.meta.url).cache).filter((path) => /undici|node-vault/.test(path)).length)`;
      expect(await node("--input-type=module", "-e", loaded)).toBe("0\n");
    });
  });
});
