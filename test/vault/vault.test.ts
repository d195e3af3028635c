import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { FakeClock } from "../support/core/clock.ts";
import { failureOf } from "../support/core/failure.ts";
import { FakeVault } from "../support/vault/fake-vault.ts";
import { APPROLE_VARIABLES, openClientOf } from "../support/vault/vault-client.ts";
import type { VaultTestClient } from "../support/vault/vault-client.ts";
import { until } from "../support/core/until.ts";

const REVOKE = "POST auth/token/revoke-self";

let server: FakeVault;
let clock: FakeClock;
let vault: VaultTestClient;

beforeEach(async () => {
  server = await FakeVault.start();
  server.ttl = 3600;
  clock = new FakeClock();
  vault = openClientOf(server, clock, { VAULT_MAX_RETRIES: "0", ...APPROLE_VARIABLES });
});

afterEach(async () => {
  await vault.stop();
  await server.stop();
});

describe("stop", () => {
  test("revokes a token from a login, ends all reads and renewals, and may be called twice", async () => {
    await vault.value("kv/repo");
    await vault.stop();
    await vault.stop();
    expect(server.count(REVOKE)).toBe(1);
    expect(server.tokens).not.toContain("login-1");
    expect(clock.sleeping).toBe(0);
    expect(await failureOf(vault.value("kv/repo"))).toContain("the agent is stopping");
  });

  test("sends nothing if there was no login", async () => {
    await vault.stop();
    expect(server.requests).toEqual([]);
  });

  test("waits at most 2 s for a server that does not answer", async () => {
    await vault.value("kv/repo");
    server.intercept = () => "hangs";
    const stopping = vault.stop();
    await until("the revocation", () => server.count(REVOKE) === 1);
    await clock.advance(2000);
    await stopping;
    expect(vault.logger.texts).toEqual([
      'info could not revoke the Vault token; it expires on its own {"error":"no answer within 2 s"}',
    ]);
  });
});
