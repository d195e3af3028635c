import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { openVault } from "../../instrumentation/vault/vault.ts";
import { FakeClock } from "../support/core/clock.ts";
import { failureOf } from "../support/core/failure.ts";
import { DENIED, FakeVault, HANGS } from "../support/vault/fake-vault.ts";
import { advanceUntilSettled, openClientOf, vaultSettings } from "../support/vault/vault-client.ts";
import type { VaultTestClient } from "../support/vault/vault-client.ts";
import { ArrayLogger } from "../support/core/logger.ts";
import { until } from "../support/core/until.ts";

const READ = "GET kv/repo";
const SUBJECT = "secret: the secret at kv/repo (field key) in Vault:";

let server: FakeVault;
let clock: FakeClock;

beforeEach(async () => {
  server = await FakeVault.start();
  clock = new FakeClock();
});

afterEach(async () => {
  await server.stop();
});

function open(env: Readonly<Record<string, string>> = {}): VaultTestClient {
  return openClientOf(server, clock, { VAULT_TOKEN: "static", ...env });
}

function settled<T>(call: Promise<T>): Promise<T> {
  return advanceUntilSettled(clock, call);
}

/** Answers the first reads of the secret with `replies`, one after the other. */
function answers(...replies: readonly ReturnType<FakeVault["intercept"]>[]): void {
  const left = [...replies];
  server.intercept = ({ path }) => (path === "kv/repo" ? left.shift() : undefined);
}

describe("temporary failures", () => {
  test.for([412, 429, 500, 502, 503] as const)("status %i is retried", async (status) => {
    answers({ status }, { status });
    const vault = open();
    expect(await settled(vault.value("kv/repo"))).toBe("password one");
    expect(server.count(READ)).toBe(3);
    expect(vault.state).toMatchObject({ up: true, reads: { success: 1, unreachable: 0 } });
  });

  test("a server that stays sealed is retried VAULT_MAX_RETRIES times, then the error names it", async () => {
    const sealed = { status: 503, body: { errors: ["Vault is sealed"] } };
    answers(sealed, sealed, sealed);
    const vault = open({ VAULT_MAX_RETRIES: "1" });
    expect(await failureOf(settled(vault.value("kv/repo")))).toBe(
      `transient ${SUBJECT} Vault at ${server.host} answers 503, Vault is sealed`,
    );
    expect(server.count(READ)).toBe(2);
    expect(vault.state).toMatchObject({ up: false, reads: { success: 0, unreachable: 1 } });
  });

  test("Retry-After is respected", async () => {
    answers({ status: 429, headers: { "retry-after": "30" } });
    const reading = open().value("kv/repo");
    await until("the wait", () => server.count(READ) === 1 && clock.sleeping === 1);
    await clock.advance(29_000);
    expect(server.count(READ)).toBe(1);
    expect(await settled(reading)).toBe("password one");
  });

  test("a server that does not answer is retried after the time limit", async () => {
    answers(HANGS, HANGS, HANGS);
    const vault = open({ VAULT_CLIENT_TIMEOUT: "20", VAULT_MAX_RETRIES: "2" });
    const failure = failureOf(vault.value("kv/repo"));
    for (let tries = 1; tries <= 3; tries++) {
      await until("the request", () => server.count(READ) === tries);
      await clock.advance(20_000);
      await until("the time-out", () => clock.sleeping === (tries < 3 ? 1 : 0));
      if (tries < 3) await clock.advance(2000);
    }
    expect(await failure).toBe(`transient ${SUBJECT} ${server.host} did not answer within 20 s`);
  });

  test("while a server is down, reads fail at once for 5 s; then the next read asks again", async () => {
    const vault = open();
    await vault.value("kv/repo");
    server.intercept = () => ({ status: 500 });
    await failureOf(settled(vault.value("kv/repo")));
    const asked = server.requests.length;
    const failures = await Promise.all(
      Array.from({ length: 100 }, (_, index) => failureOf(vault.value(`kv/repo${index}`))),
    );
    expect(failures[99]).toContain("(field key) in Vault: Vault at");
    expect(server.requests).toHaveLength(asked);
    server.intercept = () => undefined;
    await clock.advance(5000);
    expect(await vault.value("kv/repo")).toBe("password one");
  });

  test("a refused connection is reported with the host", async () => {
    const { host } = server;
    const vault = open();
    await server.stop();
    expect(await failureOf(settled(vault.value("kv/repo")))).toBe(
      `transient ${SUBJECT} ${host} refuses the connection`,
    );
    server = await FakeVault.start();
  });
});

describe("an invalid response", () => {
  test.for([
    ["HTML", "<html>Please log in</html>"],
    ["a list", "[]"],
    ["half of it", '{"data":'],
  ] as const)("is an error: %s with status 200", async ([, body]) => {
    answers({ status: 200, body }, { status: 200, body }, { status: 200, body });
    const vault = open();
    expect(await failureOf(settled(vault.value("kv/repo")))).toBe(
      `transient ${SUBJECT} Vault at ${server.host} answered with something other than a JSON object: is it Vault?`,
    );
    expect(vault.state.up).toBe(false);
  });

  test("of HTML with an error status is reported by its status only", async () => {
    answers({ status: 400, body: "<html>canary</html>" });
    expect(await failureOf(open().value("kv/repo"))).toBe(
      `${SUBJECT} Vault at ${server.host} answers 400`,
    );
  });

  test("of more than 4 MiB is an error", async () => {
    answers({ status: 200, body: `"${"x".repeat(5 * 1024 * 1024)}"` });
    expect(await failureOf(open().value("kv/repo"))).toMatch(/sends more than 4194304 bytes/);
  });
});

test("a refusal counts as an answer, and Vault's reason is reported in one short line", async () => {
  const text = `1 error occurred:\n\t* it is\u0007 bad ${"x".repeat(300)}\n\n`;
  answers({ status: 400, body: { errors: [text, 7] } });
  const vault = open();
  const failure = await failureOf(vault.value("kv/repo"));
  expect(failure).toBe(
    `${SUBJECT} Vault at ${server.host} answers 400, it is bad ${"x".repeat(190)} …`,
  );
  expect(vault.state).toMatchObject({ up: true, reads: { other: 1 } });
});

test("Vault's reason is left out if it contains a secret that was sent", async () => {
  server.intercept = ({ path }) =>
    path === "kv/repo"
      ? { ...DENIED, status: 400, body: { errors: ["no static here"] } }
      : undefined;
  expect(await failureOf(open().value("kv/repo"))).toBe(
    `${SUBJECT} Vault at ${server.host} answers 400`,
  );
});

test("without node-vault the error says how to install it", async () => {
  const settings = vaultSettings({ VAULT_ADDR: server.url, VAULT_TOKEN: "static" });
  const load = (): Promise<never> => Promise.reject(new Error("Cannot find package"));
  const { resolver } = openVault(settings, { clock, logger: new ArrayLogger(), load });
  const { signal } = new AbortController();
  expect(await failureOf(resolver.resolve({ vault: "kv/repo", field: "key" }, signal))).toBe(
    `${SUBJECT} the package node-vault cannot be loaded; install it: npm install node-vault@0.12`,
  );
});

test("a caller that aborts its signal is released at once", async () => {
  answers(HANGS);
  const vault = open();
  const abort = new AbortController();
  const reading = vault.resolver.resolve({ vault: "kv/repo", field: "key" }, abort.signal);
  await until("the request", () => server.count(READ) === 1);
  abort.abort(new Error("enough"));
  await expect(reading).rejects.toThrow("enough");
  await vault.stop();
});
