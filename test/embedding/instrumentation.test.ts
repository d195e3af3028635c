import { readFile } from "node:fs/promises";

import { diag, DiagLogLevel } from "@opentelemetry/api";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { expect, onTestFinished, test } from "vitest";

import type { ResticInstrumentationConfig } from "../../instrumentation/index.ts";
import {
  ResticInstrumentation,
  resticMetricProducer,
  trackVanishingSeries,
} from "../../instrumentation/index.ts";
import { newestFiles } from "../../examples/own-source/newest-file.ts";
import { NAME, VERSION } from "../../instrumentation/embedding/version.ts";
import { ManualReader } from "../support/otlp/manual-reader.ts";
import { until } from "../support/core/until.ts";

const WEB = { repo: "examples/repositories/web", password: "web-password" };
const LAPTOP = { repo: "examples/repositories/laptop", password: "laptop-password" };

function instrument(config: Partial<ResticInstrumentationConfig> = {}): ResticInstrumentation {
  const restic = new ResticInstrumentation({ repositories: [WEB], ...config });
  onTestFinished(() => restic.disable());
  return restic;
}

async function collected(restic: ResticInstrumentation): Promise<void> {
  await until("it", () => restic.state().length > 0);
  await until("it", async () => (await restic.collect()) !== undefined);
}

const SETS = (series: readonly string[]): readonly string[] =>
  series.filter((one) => one.startsWith("backup.days_age"));

test("nothing runs before enable or after disable", async () => {
  const ended: number[] = [];
  const restic = instrument({ onCollection: ({ total }) => void ended.push(total) });
  const reader = new ManualReader();
  restic.setMeterProvider(new MeterProvider({ readers: [reader] }));
  expect(restic.getConfig().enabled).toBe(false);
  expect(await restic.collect()).toBeUndefined();
  restic.enable();
  restic.enable();
  expect(restic.getConfig().enabled).toBe(true);
  await until("it", () => ended.length === 1);
  expect(restic.state()[0]?.state?.content?.snapshots).toBe(18);
  expect(SETS(await reader.series()).length).toBeGreaterThan(2);
  restic.disable();
  expect(restic.getConfig().enabled).toBe(false);
  expect(restic.state()).toEqual([]);
});

test("the last MeterProvider gets the metrics", async () => {
  const restic = instrument();
  const [first, second] = [new ManualReader(), new ManualReader()];
  restic.setMeterProvider(new MeterProvider({ readers: [first] }));
  restic.enable();
  restic.setMeterProvider(new MeterProvider({ readers: [second] }));
  await collected(restic);
  expect(SETS(await second.series())).not.toEqual([]);
  expect(await first.series()).toEqual([]);
});

test("two instrumentations in one application export the data of both", async () => {
  const reader = trackVanishingSeries(new ManualReader());
  const provider = new MeterProvider({ readers: [reader] });
  const both = [WEB, LAPTOP].map((repository) => instrument({ repositories: [repository] }));
  for (const restic of both) {
    restic.setMeterProvider(provider);
    restic.enable();
    await collected(restic);
  }
  const shown = SETS(await reader.series()).join();
  expect(shown).toContain(WEB.repo);
  expect(shown).toContain(LAPTOP.repo);
  both[0]?.disable();
  const left = SETS(await reader.series()).join();
  expect(left).not.toContain(WEB.repo);
  expect(left).toContain(LAPTOP.repo);
});

test("a series that no longer exists stays in a stock reader, and disappears from a tracking one", async () => {
  const [stock, tracking] = [new ManualReader(), trackVanishingSeries(new ManualReader())];
  for (const reader of [stock, tracking]) {
    const restic = instrument();
    restic.setMeterProvider(new MeterProvider({ readers: [reader] }));
    restic.enable();
    await collected(restic);
    expect(SETS(await reader.series())).not.toEqual([]);
    restic.setConfig({ repositories: [] });
    await until("it", async () => (await restic.collect()) !== undefined);
    await until("it", () => restic.state().length === 0);
  }
  expect(SETS(await stock.series())).not.toEqual([]);
  expect(SETS(await tracking.series())).toEqual([]);
  expect(
    (await Promise.all([tracking.series(), tracking.series()])).map(({ length }) => length),
  ).toEqual([1, 1].map(() => expect.any(Number)));
});

test("a stock reader with the metric producer exports each series while it exists", async () => {
  const restic = instrument();
  const reader = new ManualReader({ metricProducers: [resticMetricProducer(restic)] });
  const provider = new MeterProvider({ readers: [reader] });
  restic.setMeterProvider(provider);
  expect(await reader.series()).toEqual([]);
  restic.enable();
  await collected(restic);
  const series = await reader.series();
  expect(new Set(series).size).toBe(series.length);
  expect(SETS(series)).not.toEqual([]);
  restic.setConfig({ repositories: [] });
  await until("it", async () => (await restic.collect()) !== undefined);
  await until("it", () => restic.state().length === 0);
  expect(SETS(await reader.series())).toEqual([]);
});

test("each collection of a repository is one span, without secrets", async () => {
  const spans: unknown[] = [];
  const restic = instrument({ repositories: [WEB, { ...LAPTOP, password: "CANARY" }] });
  restic.setTracerProvider({
    getTracer: () =>
      Object({
        startSpan: (name: string, { attributes }: { readonly attributes: object }) => {
          const span = { name, ...attributes, ended: false };
          spans.push(span);
          return {
            setAttribute: (key: string, value: string) => Object.assign(span, { [key]: value }),
            setStatus: (status: object) => Object.assign(span, { status }),
            end: () => Object.assign(span, { ended: true }),
          };
        },
      }),
  });
  restic.enable();
  await until("it", () => restic.state().length === 2);
  expect(spans).toEqual([
    { name: "restic.collect", url: WEB.repo, ended: true },
    {
      name: "restic.collect",
      url: LAPTOP.repo,
      ended: true,
      "error.type": "wrong_password",
      status: { code: 2, message: expect.stringContaining("the password does not open") },
    },
  ]);
  expect(JSON.stringify(spans)).not.toContain("CANARY");
});

test("name and version are the same as in package.json", async () => {
  const manifest = new URL("../../instrumentation/package.json", import.meta.url);
  expect(JSON.parse(await readFile(manifest, "utf8"))).toMatchObject({
    name: NAME,
    version: VERSION,
  });
});

test("a source of the application is collected like the repositories", async () => {
  const restic = instrument({ sources: [newestFiles(["test/fixtures/tls", "/nowhere"])] });
  const reader = new ManualReader();
  restic.setMeterProvider(new MeterProvider({ readers: [reader] }));
  restic.enable();
  await collected(restic);
  await until("it", async () => (await reader.series()).join().includes("/nowhere"));
  const series = await reader.series();
  expect(SETS(series)).not.toEqual([]);
  expect(series).toContain('tree.files {"path":"test/fixtures/tls"}');
  expect(series).toContain('tree.up {"path":"/nowhere"}');
});

test("a failure to start is logged and does not end the application", async () => {
  const said: unknown[] = [];
  const keep = (...words: unknown[]): void =>
    void said.push(words.map((word) => JSON.stringify(word)).join(" "));
  diag.setLogger(
    { verbose() {}, debug() {}, info() {}, warn: keep, error: keep },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  onTestFinished(() => diag.disable());
  const restic = instrument({ sources: [newestFiles(["/a", "/a"])] });
  restic.enable();
  await until("it", () => !restic.getConfig().enabled);
  expect(await restic.collect()).toBeUndefined();
  expect(said.join()).toMatch(/"cannot be enabled".*two sources/);
});

test("collect returns the running collection if there is one", async () => {
  let ended = 0;
  const restic = instrument({ onCollection: () => void (ended += 1) });
  restic.enable();
  const outcomes = await Promise.all([restic.collect(), restic.collect()]);
  expect(outcomes).toEqual([1, 1].map(() => expect.objectContaining({ total: 1, failed: 0 })));
  expect(outcomes[0]).toBe(outcomes[1]);
  expect(restic.state()).toHaveLength(1);
  expect(ended).toBe(1);
  expect(await restic.collect()).not.toBe(outcomes[0]);
});

test("after disable, enable starts without the old data", async () => {
  const restic = instrument();
  const reader = trackVanishingSeries(new ManualReader());
  restic.setMeterProvider(new MeterProvider({ readers: [reader] }));
  restic.enable();
  restic.disable();
  restic.enable();
  await collected(restic);
  restic.disable();
  restic.enable();
  expect(restic.state()).toEqual([]);
  await collected(restic);
  const series = await reader.series();
  expect(SETS(series)).not.toEqual([]);
  expect(new Set(series).size).toBe(series.length);
});
