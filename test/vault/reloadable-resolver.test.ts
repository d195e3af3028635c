import { afterEach, beforeEach, expect, test } from "vitest";

import { VAULT_DISABLED } from "../../instrumentation/vault/settings.ts";
import type { VaultSettings } from "../../instrumentation/vault/settings.ts";
import { ReloadableVaultResolver } from "../../instrumentation/vault/reloadable-resolver.ts";
import { FakeClock } from "../support/core/clock.ts";
import { failureOf } from "../support/core/failure.ts";
import { FakeVault, HANGS } from "../support/vault/fake-vault.ts";
import { vaultSettings } from "../support/vault/vault-client.ts";
import { ArrayLogger } from "../support/core/logger.ts";
import { until } from "../support/core/until.ts";

const REFERENCE = { vault: "secret/repo", field: "key" };
const REVOKE = "POST auth/token/revoke-self";
const { signal } = new AbortController();

let first: FakeVault;
let second: FakeVault;
let resolver: ReloadableVaultResolver;

beforeEach(async () => {
  first = await FakeVault.start();
  second = await FakeVault.start();
  second.secrets["secret/repo"] = { key: "password three" };
  const options = { clock: new FakeClock(), logger: new ArrayLogger(), proxyEnvironment: {} };
  resolver = new ReloadableVaultResolver(options);
});

afterEach(async () => {
  await resolver.stop();
  await first.stop();
  await second.stop();
});

function settingsFor(vault: FakeVault, secretId = "secret"): VaultSettings {
  const env = { VAULT_ADDR: vault.url, VAULT_ROLE_ID: "role", VAULT_SECRET_ID: secretId };
  return vaultSettings({ ...env, VAULT_CLIENT_TIMEOUT: "500h" });
}

const value = async (): Promise<string> => (await resolver.resolve(REFERENCE, signal)).revealText();

test("without settings every reference fails with the reason", async () => {
  expect(resolver.check(REFERENCE)).toBeUndefined();
  expect(resolver.check({ vault: "secret/../x", field: "key" })).toContain('".."');
  expect(await failureOf(value())).toContain(VAULT_DISABLED.disabledReason);
  expect(resolver.states).toEqual([]);
  resolver.configure({ disabledReason: "for a reason" });
  expect(await failureOf(value())).toBe(
    "secret: the secret at secret/repo (field key) in Vault: for a reason",
  );
});

test("unchanged settings cause no login, a changed secret id does", async () => {
  resolver.configure(settingsFor(first));
  await value();
  resolver.configure(settingsFor(first));
  await value();
  expect(first.logins).toBe(1);
  resolver.configure(settingsFor(first, "another"));
  await value();
  expect(first.logins).toBe(2);
  expect(resolver.states).toMatchObject([{ logins: 2, reads: { success: 3 } }]);
});

test("a change of settings repeats a read in flight with the new settings, and revokes the old token", async () => {
  resolver.configure(settingsFor(first));
  expect(await value()).toBe("password two");
  first.intercept = ({ path }) => (path.startsWith("secret/") ? HANGS : undefined);
  const reads = first.count("GET secret/data/repo");
  const reading = value();
  await until("the read", () => first.count("GET secret/data/repo") > reads);
  resolver.configure(settingsFor(second));
  expect(await reading).toBe("password three");
  await until("the revocation", () => first.count(REVOKE) === 1);
  await resolver.stop();
  expect(second.count(REVOKE)).toBe(1);
});

test("removed settings stop the client: its token is revoked, its metrics are gone", async () => {
  resolver.configure(settingsFor(first));
  await value();
  resolver.configure(VAULT_DISABLED);
  expect(resolver.states).toEqual([]);
  await resolver.stop();
  expect(first.count(REVOKE)).toBe(1);
  expect(await failureOf(value())).toContain(VAULT_DISABLED.disabledReason);
});
