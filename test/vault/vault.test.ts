import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { FakeClock } from "../support/core/clock.ts";
import { failureOf } from "../support/core/failure.ts";
import { FakeVault, vaultBench, vaultSettings } from "../support/vault/fake-vault.ts";
import type { VaultBench } from "../support/vault/fake-vault.ts";
import { until } from "../support/core/until.ts";

const REVOKE = "POST auth/token/revoke-self";

let server: FakeVault;
let clock: FakeClock;
let vault: VaultBench;

beforeEach(async () => {
  server = await FakeVault.start();
  server.ttl = 3600;
  clock = new FakeClock();
});

afterEach(async () => {
  await vault.stop();
  await server.stop();
});

function open(env: Readonly<Record<string, string>>): void {
  const variables = {
    VAULT_ADDR: server.url,
    VAULT_CLIENT_TIMEOUT: "500h",
    VAULT_MAX_RETRIES: "0",
  };
  vault = vaultBench(vaultSettings({ ...variables, ...env }), clock);
}

function openAppRole(): void {
  open({ VAULT_ROLE_ID: "role", VAULT_SECRET_ID: "secret" });
}

describe("a stop", () => {
  test("revokes a token that came from a login, ends everything, and may come twice", async () => {
    openAppRole();
    await vault.value("kv/repo");
    await vault.stop();
    await vault.stop();
    expect(server.count(REVOKE)).toBe(1);
    expect(server.tokens).not.toContain("login-1");
    expect(clock.sleeping).toBe(0);
    expect(await failureOf(vault.value("kv/repo"))).toContain("the agent stops");
  });

  test("without a login asks for nothing", async () => {
    openAppRole();
    await vault.stop();
    expect(server.requests).toEqual([]);
  });

  test("does not wait for a server that hangs for longer than 2 s", async () => {
    openAppRole();
    await vault.value("kv/repo");
    server.instead = () => "hangs";
    const stopping = vault.stop();
    await until("it", () => server.count(REVOKE) === 1);
    await clock.advance(2000);
    await stopping;
    expect(vault.logger.texts).toEqual([
      'info the Vault token could not be revoked, it expires by itself {"error":"Vault takes too long"}',
    ]);
  });
});
