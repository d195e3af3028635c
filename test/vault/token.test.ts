import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { FakeClock, settle } from "../support/core/clock.ts";
import { failureOf } from "../support/core/failure.ts";
import { DENIED, FakeVault, vaultBench, vaultSettings } from "../support/vault/fake-vault.ts";
import type { VaultBench } from "../support/vault/fake-vault.ts";
import { until } from "../support/core/until.ts";

const RENEW = "POST auth/token/renew-self";
const LOGIN = "POST auth/approle/login";
const REVOKE = "POST auth/token/revoke-self";
const HOUR = 3_600_000;

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

/** Seconds that the token is still good for, by the metric's state. */
function ttl(): number | undefined {
  const { tokenExpiresAt } = vault.state;
  return tokenExpiresAt === undefined ? undefined : (tokenExpiresAt - clock.now()) / 1000;
}

/** Lets time pass, and what it sets off go on until this holds. */
async function pass(ms: number, holds: () => boolean): Promise<void> {
  await clock.advance(ms);
  await until("it", holds);
}

const isNew = (): boolean => (ttl() ?? 0) > 3500;

describe("a token of a login", () => {
  test("is made once for many who ask at once, and used again", async () => {
    openAppRole();
    await Promise.all(Array.from({ length: 30 }, () => vault.value("kv/repo")));
    await vault.value("secret/repo");
    expect(server.count(LOGIN)).toBe(1);
    expect(vault.state.logins).toBe(1);
  });

  test("is renewed when about two thirds of its time are over, again and again", async () => {
    openAppRole();
    await vault.value("kv/repo");
    expect(ttl()).toBe(3600);
    await clock.advance(0.59 * HOUR);
    expect(server.count(RENEW)).toBe(0);
    await pass(0.12 * HOUR, isNew);
    await pass(0.71 * HOUR, isNew);
    expect(server.count(RENEW)).toBe(2);
    expect(server.requests.at(-1)?.headers["x-vault-token"]).toBe("login-1");
    expect(server.count(LOGIN)).toBe(1);
  });

  test("is replaced when a renewal gives it little: its maximum is near", async () => {
    openAppRole();
    await vault.value("kv/repo");
    server.renewedTtl = 1000;
    await pass(0.71 * HOUR, isNew);
    expect(server.count(LOGIN)).toBe(2);
    await vault.value("kv/repo");
    expect(server.requests.at(-1)?.headers["x-vault-token"]).toBe("login-2");
  });

  test("is replaced in time if it cannot be renewed", async () => {
    server.renewable = false;
    openAppRole();
    await vault.value("kv/repo");
    await pass(0.71 * HOUR, () => server.count(LOGIN) === 2);
    expect(server.count(RENEW)).toBe(0);
  });

  test("is replaced when its renewal is refused", async () => {
    openAppRole();
    await vault.value("kv/repo");
    server.tokens.clear();
    await pass(0.71 * HOUR, () => server.count(LOGIN) === 2);
    expect(vault.logger.texts).toEqual([]);
  });

  test("survives an outage: renewal is tried again, ever more slowly, with a line at either end", async () => {
    openAppRole();
    await vault.value("kv/repo");
    server.instead = () => ({ status: 503, body: { errors: ["Vault is sealed"] } });
    await pass(0.71 * HOUR, () => vault.logger.texts.length === 1);
    for (let passed = 0; passed < 600; passed += 1) await clock.advance(1000);
    expect(server.count(RENEW)).toBeGreaterThan(5);
    expect(server.count(RENEW)).toBeLessThan(20);
    server.instead = () => undefined;
    for (let tries = 0; !isNew() && tries < 100_000; tries++) await clock.advance(1000);
    expect(server.count(LOGIN)).toBe(1);
    expect(vault.logger.texts).toEqual([
      `warn the Vault token could not be renewed {"error":"Vault at ${server.host} answers 503, Vault is sealed"}`,
      "info the Vault token is good again {}",
    ]);
  });

  test("that expired in an outage is replaced when Vault is back", async () => {
    openAppRole();
    await vault.value("kv/repo");
    server.instead = () => ({ status: 500 });
    for (let passed = 0; passed < 2 * HOUR; passed += 60_000) await clock.advance(60_000);
    expect(ttl()).toBeLessThan(0);
    server.instead = () => undefined;
    server.tokens.clear();
    for (let tries = 0; !isNew() && tries < 100_000; tries++) await clock.advance(1000);
    expect(await vault.value("kv/repo")).toBe("password one");
  });

  test("lasts for years: no timer overflows", async () => {
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

describe("a token that is denied", () => {
  test("was revoked: another login, once for all who ask, and nobody notices", async () => {
    openAppRole();
    await vault.value("kv/repo");
    server.tokens.clear();
    const values = await Promise.all(
      ["kv/repo", "secret/repo", "kv/repo"].map((path) => vault.value(path)),
    );
    expect(values).toEqual(["password one", "password two", "password one"]);
    expect(server.count(LOGIN)).toBe(2);
  });

  test("has no right to a path: no login after the other", async () => {
    server.instead = ({ path }) => (path === "kv/repo" ? DENIED : undefined);
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
    // The role may have got the right in the meantime.
    await clock.advance(60_000);
    await failureOf(vault.value("kv/repo"));
    expect(server.count(LOGIN)).toBe(3);
  });

  test("has no right to look itself up either: one login for a path, not one for each try", async () => {
    server.instead = ({ path }) =>
      path === "kv/repo" || path === "auth/token/lookup-self" ? DENIED : undefined;
    openAppRole();
    for (let tries = 0; tries < 5; tries++) await failureOf(vault.value("kv/repo"));
    expect(server.count(LOGIN)).toBe(2);
  });
});

describe("a token that somebody gives", () => {
  test("is renewed, and neither replaced nor revoked", async () => {
    open({ VAULT_TOKEN: "static" });
    await vault.value("kv/repo");
    await pass(0.71 * HOUR, isNew);
    await vault.stop();
    expect(server.count(REVOKE)).toBe(0);
    expect(clock.sleeping).toBe(0);
    expect(vault.state.logins).toBe(0);
  });

  test("and cannot be renewed: a warning at once, and one when the end is near", async () => {
    server.renewable = false;
    open({ VAULT_TOKEN: "static" });
    await vault.value("kv/repo");
    const WARNING = "warn the Vault token expires and cannot be renewed: give another one";
    expect(vault.logger.texts).toEqual([`${WARNING} {"seconds":3600}`]);
    await clock.advance(0.71 * HOUR);
    expect(vault.logger.lines.filter(({ level }) => level === "warn")).toHaveLength(2);
    expect(clock.sleeping).toBe(0);
  });

  test("and never expires: no series, no warning", async () => {
    server.ttl = 0;
    open({ VAULT_TOKEN: "static" });
    await vault.value("kv/repo");
    expect(ttl()).toBeUndefined();
    expect(clock.sleeping).toBe(0);
    expect(vault.logger.texts).toEqual([]);
  });

  test("may not look itself up, and reads all the same", async () => {
    server.instead = ({ path }) => (path === "auth/token/lookup-self" ? DENIED : undefined);
    open({ VAULT_TOKEN: "static" });
    expect(await vault.value("kv/repo")).toBe("password one");
  });

  test("and is invalid", async () => {
    open({ VAULT_TOKEN: "revoked" });
    expect(await failureOf(vault.value("kv/repo"))).toContain("access is denied (403)");
    expect(vault.state.up).toBe(false);
  });

  test("and has no right to one path: Vault is up", async () => {
    server.instead = ({ path }) => (path === "kv/repo" ? DENIED : undefined);
    open({ VAULT_TOKEN: "static" });
    expect(await failureOf(vault.value("kv/repo"))).toContain("access is denied (403)");
    expect(vault.state.up).toBe(true);
  });
});
