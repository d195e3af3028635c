import { afterEach, beforeEach, expect, test } from "vitest";

import { Monitor } from "../../instrumentation/monitor/monitor.ts";
import { resolversWith } from "../../instrumentation/secrets/resolvers.ts";
import { disabledResolver } from "../../instrumentation/vault/reference.ts";
import { parseRepository } from "../../instrumentation/settings/repository.ts";
import type { MonitorSettings } from "../../instrumentation/monitor/monitor-settings.ts";
import { FakeClock } from "../support/core/clock.ts";
import { FakeVault } from "../support/vault/fake-vault.ts";
import { vaultSettings } from "../support/vault/vault-client.ts";
import { ArrayLogger } from "../support/core/logger.ts";
import { until } from "../support/core/until.ts";

const SECRETS = 20;

let server: FakeVault;
let clock: FakeClock;
let logger: ArrayLogger;
let monitor: Monitor;

beforeEach(async () => {
  server = await FakeVault.start();
  for (let index = 0; index < SECRETS; index++)
    server.secrets[`secret/shared-${index}`] = { key: `canary ${index}` };
  clock = new FakeClock();
  logger = new ArrayLogger();
});

afterEach(async () => {
  await monitor.stop();
  await server.stop();
});

/** Settings with repositories that do not exist. Their passwords are the secrets, in turn. */
function settings(repositories: number, refresh?: string): MonitorSettings {
  const env = { VAULT_ADDR: server.url, VAULT_ROLE_ID: "role", VAULT_SECRET_ID: "secret" };
  return {
    repositories: Array.from({ length: repositories }, (_, index) => {
      const password = { vault: `secret/shared-${index % SECRETS}`, field: "key" };
      const parsed = parseRepository(
        { repo: `/nowhere/${index}`, password },
        resolversWith([disabledResolver("Vault is not used")]),
      );
      return "value" in parsed ? parsed.value : expect.fail();
    }),
    cron: "@yearly",
    timezone: "UTC",
    timeoutMs: 60_000,
    concurrency: 8,
    legacyLabel: false,
    retryFailed: false,
    reverifyMs: 3_600_000,
    vault: vaultSettings({ ...env, VAULT_CLIENT_TIMEOUT: "500h" }, refresh && { refresh }),
  };
}

function open(monitorSettings: MonitorSettings): void {
  monitor = new Monitor(monitorSettings, { clock, logger, processEnvironment: {} });
}

/** Numbers of requests to Vault. */
const requests = (): unknown => ({
  logins: server.count("POST auth/approle/login"),
  lookups: server.calls.filter((call) => call.includes("sys/internal/ui/mounts/")).length,
  reads: server.calls.filter((call) => call.startsWith("GET secret/data/")).length,
});

test("500 repositories with 20 secrets need one login, and 20 reads after each load of the settings", async () => {
  open(settings(500));
  expect(await monitor.collect()).toMatchObject({ total: 500, failed: 500 });
  expect([...monitor.store.entries()][0]?.attempt.error?.code).toBe("not_found");
  expect(requests()).toEqual({ logins: 1, lookups: 1, reads: SECRETS });
  await monitor.collect();
  expect(requests()).toEqual({ logins: 1, lookups: 1, reads: SECRETS });
  await clock.advance(60_000);
  monitor.reload(settings(500));
  await monitor.collect();
  expect(requests()).toEqual({ logins: 1, lookups: 1, reads: 2 * SECRETS });
  expect(logger.texts.join()).not.toContain("canary");
});

/** Reads whose response the monitor has processed, by its own metric. */
function successfulReads(): number {
  let count = 0;
  for (const table of monitor.ownTables)
    table.entries().observe(clock.now(), ({ name }, [value, labels]) => {
      if (name === "restic_otel.vault_reads" && labels["result"] === "success") count = value;
    });
  return count;
}

test("each refresh reads each secret once, while the monitor runs", async () => {
  open(settings(60, "1h"));
  await monitor.collect();
  await clock.advance(7_200_000);
  expect(requests()).toMatchObject({ reads: SECRETS });
  monitor.start();
  const startedAt = clock.now();
  await until("the collection", () => monitor.store.job?.finishedAt === startedAt);
  const reads = (): number => (requests() as { readonly reads: number }).reads;
  for (let times = 1; times <= 2; times++) {
    await clock.advance(3_600_000);
    await until("the end of the refresh", () => successfulReads() === (1 + times) * SECRETS);
    expect(reads()).toBe((1 + times) * SECRETS);
  }
  monitor.reload(settings(60));
  await clock.advance(7_200_000);
  expect(reads()).toBe(3 * SECRETS);
});
