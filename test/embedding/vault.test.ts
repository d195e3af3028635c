import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";

import type { ResticInstrumentationConfig } from "../../instrumentation/index.ts";
import { ResticInstrumentation, resticMetricProducer } from "../../instrumentation/index.ts";
import { FakeVault } from "../support/vault/fake-vault.ts";
import { ArrayLogger } from "../support/core/logger.ts";
import { ManualReader } from "../support/otlp/manual-reader.ts";
import { until } from "../support/core/until.ts";

let server: FakeVault;

beforeEach(async () => {
  server = await FakeVault.start();
  server.secrets = { "secret/web": { key: "web-password" } };
});

afterEach(() => server.stop());

function instrument(config: Partial<ResticInstrumentationConfig>): ResticInstrumentation {
  const password = { vault: "secret/web", field: "key" };
  const repositories = [{ repo: "examples/repositories/web", password }];
  const restic = new ResticInstrumentation({ repositories, ...config });
  onTestFinished(() => restic.disable());
  return restic;
}

test("a repository with a secret in Vault also has Vault's metrics, by a meter and by a producer", async () => {
  const auth = { method: "token", token: "static" };
  const restic = instrument({ vault: { address: server.url, auth } });
  const reader = new ManualReader();
  restic.setMeterProvider(new MeterProvider({ readers: [reader] }));
  restic.enable();
  await until("a collection", () => restic.state().length > 0);
  expect(restic.state()[0]?.attempt.error).toBeUndefined();
  const ups = (series: readonly string[]): readonly string[] =>
    series.filter((one) => one.startsWith("restic_otel.vault_up"));
  expect(ups(await reader.series())).toHaveLength(1);
  const producing = new ManualReader({ metricProducers: [resticMetricProducer(restic)] });
  const provider = new MeterProvider({ readers: [producing] });
  expect(ups(await producing.series())).toHaveLength(1);
  await provider.shutdown();
});

test("problems of Vault's settings are reported, and dangerous settings logged once", () => {
  const vault = { address: "https://vault.invalid", auth: { method: "token", token: "t" } };
  const wrong = { ...vault, timout: "5s" };
  expect(() => instrument({ vault: wrong })).toThrow("vault.timout: unknown key");
  const logger = new ArrayLogger();
  instrument({ vault: { ...vault, tls: { skipVerify: true } }, logger, repositories: [] });
  expect(logger.lines).toEqual([]);
  instrument({ logger, repositories: [] }).setConfig({
    vault: { ...vault, tls: { skipVerify: true } },
    logger,
    repositories: [],
  });
  expect(logger.texts).toEqual([
    "warn vault: the TLS certificate is not verified: an attacker on the network can read the secrets {}",
  ]);
});
