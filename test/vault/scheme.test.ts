import { afterEach, beforeEach, expect, test } from "vitest";

import { VAULT_DISABLED } from "../../instrumentation/vault/settings.ts";
import type { VaultSettings } from "../../instrumentation/vault/settings.ts";
import { VaultScheme } from "../../instrumentation/vault/scheme.ts";
import { FakeClock } from "../support/core/clock.ts";
import { failureOf } from "../support/core/failure.ts";
import { FakeVault, HANGS, vaultSettings } from "../support/vault/fake-vault.ts";
import { ArrayLogger } from "../support/core/logger.ts";
import { until } from "../support/core/until.ts";

const REFERENCE = { vault: "secret/repo", field: "key" };
const REVOKE = "POST auth/token/revoke-self";
const { signal } = new AbortController();

let first: FakeVault;
let second: FakeVault;
let scheme: VaultScheme;

beforeEach(async () => {
  first = await FakeVault.start();
  second = await FakeVault.start();
  second.secrets["secret/repo"] = { key: "of the second" };
  const options = { clock: new FakeClock(), logger: new ArrayLogger(), proxyEnvironment: {} };
  scheme = new VaultScheme(options);
});

afterEach(async () => {
  await scheme.stop();
  await first.stop();
  await second.stop();
});

function at(vault: FakeVault, secretId = "secret"): VaultSettings {
  const env = { VAULT_ADDR: vault.url, VAULT_ROLE_ID: "role", VAULT_SECRET_ID: secretId };
  return vaultSettings({ ...env, VAULT_CLIENT_TIMEOUT: "500h" });
}

const value = async (): Promise<string> => (await scheme.resolve(REFERENCE, signal)).revealText();

test("is not used until it is told how, and says so", async () => {
  expect(scheme.check(REFERENCE)).toBeUndefined();
  expect(scheme.check({ vault: "secret/../x", field: "key" })).toContain("no ..");
  expect(await failureOf(value())).toContain(VAULT_DISABLED.disabledReason);
  expect(scheme.states).toEqual([]);
  scheme.configure({ disabledReason: "for a reason" });
  expect(await failureOf(value())).toBe(
    "secret: the secret at secret/repo (field key) in Vault: for a reason",
  );
});

test("the same settings again change nothing, another secret id is another login", async () => {
  scheme.configure(at(first));
  await value();
  scheme.configure(at(first));
  await value();
  expect(first.logins).toBe(1);
  scheme.configure(at(first, "another"));
  await value();
  expect(first.logins).toBe(2);
  expect(scheme.states).toMatchObject([{ logins: 2, reads: { success: 3 } }]);
});

test("what is read while the settings change is read as they are then, and the token of before is revoked", async () => {
  scheme.configure(at(first));
  expect(await value()).toBe("password two");
  first.instead = ({ path }) => (path.startsWith("secret/") ? HANGS : undefined);
  const reads = first.count("GET secret/data/repo");
  const reading = value();
  await until("the read", () => first.count("GET secret/data/repo") > reads);
  scheme.configure(at(second));
  expect(await reading).toBe("of the second");
  await until("the revocation", () => first.count(REVOKE) === 1);
  await scheme.stop();
  expect(second.count(REVOKE)).toBe(1);
});

test("one that is not used any more ends, and has no metrics", async () => {
  scheme.configure(at(first));
  await value();
  scheme.configure(VAULT_DISABLED);
  expect(scheme.states).toEqual([]);
  await scheme.stop();
  expect(first.count(REVOKE)).toBe(1);
  expect(await failureOf(value())).toContain(VAULT_DISABLED.disabledReason);
});
