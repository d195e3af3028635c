import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { FakeClock, settle } from "../support/core/clock.ts";
import { failureOf } from "../support/core/failure.ts";
import { DENIED, FakeVault } from "../support/vault/fake-vault.ts";
import { APPROLE_VARIABLES, openClientOf } from "../support/vault/vault-client.ts";
import type { VaultTestClient } from "../support/vault/vault-client.ts";
import { until } from "../support/core/until.ts";

const RENEW = "POST auth/token/renew-self";
const LOGIN = "POST auth/approle/login";
const REVOKE = "POST auth/token/revoke-self";
const HOUR = 3_600_000;

let server: FakeVault;
let clock: FakeClock;
let vault: VaultTestClient;

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
  vault = openClientOf(server, clock, { VAULT_MAX_RETRIES: "0", ...env });
}

function openAppRole(): void {
  open(APPROLE_VARIABLES);
}

/** Remaining lifetime of the token, seconds. */
function ttl(): number | undefined {
  const { tokenExpiresAt } = vault.state;
  return tokenExpiresAt === undefined ? undefined : (tokenExpiresAt - clock.now()) / 1000;
}

/** Advances the clock, then waits for the condition. */
async function advanceUntil(ms: number, condition: () => boolean): Promise<void> {
  await clock.advance(ms);
  await until("the condition", condition);
}

const isFresh = (): boolean => (ttl() ?? 0) > 3500;

describe("a token from a login", () => {
  test("is obtained once for many concurrent reads, and used again", async () => {
    openAppRole();
    await Promise.all(Array.from({ length: 30 }, () => vault.value("kv/repo")));
    await vault.value("secret/repo");
    expect(server.count(LOGIN)).toBe(1);
    expect(vault.state.logins).toBe(1);
  });

  test("is renewed after about two thirds of its lifetime, repeatedly", async () => {
    openAppRole();
    await vault.value("kv/repo");
    expect(ttl()).toBe(3600);
    await clock.advance(0.59 * HOUR);
    expect(server.count(RENEW)).toBe(0);
    await advanceUntil(0.12 * HOUR, isFresh);
    await advanceUntil(0.71 * HOUR, isFresh);
    expect(server.count(RENEW)).toBe(2);
    expect(server.requests.at(-1)?.headers["x-vault-token"]).toBe("login-1");
    expect(server.count(LOGIN)).toBe(1);
  });

  test("is replaced when a renewal returns a short lifetime: the token is close to its max_ttl", async () => {
    openAppRole();
    await vault.value("kv/repo");
    server.renewedTtl = 1000;
    await advanceUntil(0.71 * HOUR, isFresh);
    expect(server.count(LOGIN)).toBe(2);
    await vault.value("kv/repo");
    expect(server.requests.at(-1)?.headers["x-vault-token"]).toBe("login-2");
  });

  test("is replaced before it expires if it cannot be renewed", async () => {
    server.renewable = false;
    openAppRole();
    await vault.value("kv/repo");
    await advanceUntil(0.71 * HOUR, () => server.count(LOGIN) === 2);
    expect(server.count(RENEW)).toBe(0);
  });

  test("is replaced when its renewal is refused", async () => {
    openAppRole();
    await vault.value("kv/repo");
    server.tokens.clear();
    await advanceUntil(0.71 * HOUR, () => server.count(LOGIN) === 2);
    expect(vault.logger.texts).toEqual([]);
  });

  test("survives an outage: its renewal is retried with growing pauses, and two lines are logged", async () => {
    openAppRole();
    await vault.value("kv/repo");
    server.intercept = () => ({ status: 503, body: { errors: ["Vault is sealed"] } });
    await advanceUntil(0.71 * HOUR, () => vault.logger.texts.length === 1);
    for (let passed = 0; passed < 600; passed += 1) await clock.advance(1000);
    expect(server.count(RENEW)).toBeGreaterThan(5);
    expect(server.count(RENEW)).toBeLessThan(20);
    server.intercept = () => undefined;
    for (let tries = 0; !isFresh() && tries < 100_000; tries++) await clock.advance(1000);
    expect(server.count(LOGIN)).toBe(1);
    expect(vault.logger.texts).toEqual([
      `warn could not renew the Vault token; retrying {"error":"Vault at ${server.host} answers 503, Vault is sealed"}`,
      "info the Vault token is valid again {}",
    ]);
  });

  test("that expired during an outage is replaced when Vault is back", async () => {
    openAppRole();
    await vault.value("kv/repo");
    server.intercept = () => ({ status: 500 });
    for (let passed = 0; passed < 2 * HOUR; passed += 60_000) await clock.advance(60_000);
    expect(ttl()).toBeLessThan(0);
    server.intercept = () => undefined;
    server.tokens.clear();
    for (let tries = 0; !isFresh() && tries < 100_000; tries++) await clock.advance(1000);
    expect(await vault.value("kv/repo")).toBe("password one");
  });

  test("with a lifetime of years overflows no timer", async () => {
    server.ttl = 10 * 365 * 86_400;
    let longestMs = 0;
    clock = new (class extends FakeClock {
      override sleep(ms: number, signal?: AbortSignal): Promise<void> {
        longestMs = Math.max(longestMs, ms);
        return super.sleep(ms, signal);
      }
    })();
    open({
      VAULT_ROLE_ID: "role",
      VAULT_SECRET_ID: "secret",
      VAULT_CLIENT_TIMEOUT: "10s",
    });
    await vault.value("kv/repo");
    await clock.advance(40 * 24 * HOUR);
    await settle();
    expect(server.count(RENEW)).toBe(0);
    expect(clock.sleeping).toBe(1);
    expect(longestMs).toBeLessThanOrEqual(24 * HOUR);
  });
});

describe("a denied token", () => {
  test("that was revoked is replaced by one login for all concurrent reads, which succeed", async () => {
    openAppRole();
    await vault.value("kv/repo");
    server.tokens.clear();
    const values = await Promise.all(
      ["kv/repo", "secret/repo", "kv/repo"].map((path) => vault.value(path)),
    );
    expect(values).toEqual(["password one", "password two", "password one"]);
    expect(server.count(LOGIN)).toBe(2);
  });

  test("without a right to the path causes one login, and another one a minute later", async () => {
    server.intercept = ({ path }) => (path === "kv/repo" ? DENIED : undefined);
    openAppRole();
    await vault.value("secret/repo");
    await clock.advance(60_000);
    for (let tries = 0; tries < 5; tries++) {
      expect(await failureOf(vault.value("kv/repo"))).toBe(
        'secret: the secret at kv/repo (field key) in Vault: access is denied (403): a policy of the token must allow "read" on kv/repo, and the token must be valid',
      );
    }
    expect(server.count(LOGIN)).toBe(2);
    expect(vault.state).toMatchObject({ up: true, reads: { success: 1, denied: 5 } });
    // The role may have been given the right meanwhile.
    await clock.advance(60_000);
    await failureOf(vault.value("kv/repo"));
    expect(server.count(LOGIN)).toBe(3);
  });

  test("without a right to look itself up either causes one login for a path, not one for each read", async () => {
    server.intercept = ({ path }) =>
      path === "kv/repo" || path === "auth/token/lookup-self" ? DENIED : undefined;
    openAppRole();
    for (let tries = 0; tries < 5; tries++) await failureOf(vault.value("kv/repo"));
    expect(server.count(LOGIN)).toBe(2);
  });
});

describe("a configured token", () => {
  test("is renewed, and neither replaced nor revoked", async () => {
    open({ VAULT_TOKEN: "static" });
    await vault.value("kv/repo");
    await advanceUntil(0.71 * HOUR, isFresh);
    await vault.stop();
    expect(server.count(REVOKE)).toBe(0);
    expect(clock.sleeping).toBe(0);
    expect(vault.state.logins).toBe(0);
  });

  test("that cannot be renewed causes a warning at once, and one before it expires", async () => {
    server.renewable = false;
    open({ VAULT_TOKEN: "static" });
    await vault.value("kv/repo");
    const WARNING = "warn the Vault token expires and cannot be renewed: supply a new one";
    expect(vault.logger.texts).toEqual([`${WARNING} {"seconds":3600}`]);
    await clock.advance(0.71 * HOUR);
    expect(vault.logger.lines.filter(({ level }) => level === "warn")).toHaveLength(2);
    expect(clock.sleeping).toBe(0);
  });

  test("that never expires has no series and no warning", async () => {
    server.ttl = 0;
    open({ VAULT_TOKEN: "static" });
    await vault.value("kv/repo");
    expect(ttl()).toBeUndefined();
    expect(clock.sleeping).toBe(0);
    expect(vault.logger.texts).toEqual([]);
  });

  test("without a right to look itself up still reads secrets", async () => {
    server.intercept = ({ path }) => (path === "auth/token/lookup-self" ? DENIED : undefined);
    open({ VAULT_TOKEN: "static" });
    expect(await vault.value("kv/repo")).toBe("password one");
  });

  test("that is invalid sets vault_up to 0", async () => {
    open({ VAULT_TOKEN: "revoked" });
    expect(await failureOf(vault.value("kv/repo"))).toContain("access is denied (403)");
    expect(vault.state.up).toBe(false);
  });

  test("without a right to one path leaves vault_up at 1", async () => {
    server.intercept = ({ path }) => (path === "kv/repo" ? DENIED : undefined);
    open({ VAULT_TOKEN: "static" });
    expect(await failureOf(vault.value("kv/repo"))).toContain("access is denied (403)");
    expect(vault.state.up).toBe(true);
  });
});
