import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { openVault } from "../../instrumentation/vault/vault.ts";
import { FakeClock } from "../support/core/clock.ts";
import { failureOf } from "../support/core/failure.ts";
import {
  DENIED,
  FakeVault,
  HANGS,
  vaultBench,
  vaultSettings,
  whileTimePasses,
} from "../support/vault/fake-vault.ts";
import type { VaultBench } from "../support/vault/fake-vault.ts";
import { ArrayLogger } from "../support/core/logger.ts";
import { until } from "../support/core/until.ts";

const READ = "GET kv/repo";
const ABOUT = "secret: the secret at kv/repo (field key) in Vault:";

let server: FakeVault;
let clock: FakeClock;

beforeEach(async () => {
  server = await FakeVault.start();
  clock = new FakeClock();
});

afterEach(async () => {
  await server.stop();
});

/** Time-outs that no test reaches by accident: the clock runs ahead of the I/O. */
function bench(env: Readonly<Record<string, string>> = {}): VaultBench {
  const variables = {
    VAULT_ADDR: server.url,
    VAULT_TOKEN: "static",
    VAULT_CLIENT_TIMEOUT: "500h",
    ...env,
  };
  return vaultBench(vaultSettings(variables), clock);
}

function ended<T>(call: Promise<T>): Promise<T> {
  return whileTimePasses(clock, call);
}

/** The first tries of a read of the secret are answered so. */
function answers(...replies: readonly ReturnType<FakeVault["instead"]>[]): void {
  const left = [...replies];
  server.instead = ({ path }) => (path === "kv/repo" ? left.shift() : undefined);
}

describe("failures that may pass", () => {
  test.for([412, 429, 500, 502, 503] as const)("%i is tried again", async (status) => {
    answers({ status }, { status });
    const vault = bench();
    expect(await ended(vault.value("kv/repo"))).toBe("password one");
    expect(server.count(READ)).toBe(3);
    expect(vault.state).toMatchObject({ up: true, reads: { success: 1, unreachable: 0 } });
  });

  test("a server that stays sealed: tried VAULT_MAX_RETRIES times, and named", async () => {
    const sealed = { status: 503, body: { errors: ["Vault is sealed"] } };
    answers(sealed, sealed, sealed);
    const vault = bench({ VAULT_MAX_RETRIES: "1" });
    expect(await failureOf(ended(vault.value("kv/repo")))).toBe(
      `transient ${ABOUT} Vault at ${server.host} answers 503, Vault is sealed`,
    );
    expect(server.count(READ)).toBe(2);
    expect(vault.state).toMatchObject({ up: false, reads: { success: 0, unreachable: 1 } });
  });

  test("Retry-After is followed", async () => {
    answers({ status: 429, headers: { "retry-after": "30" } });
    const reading = bench().value("kv/repo");
    await until("it", () => server.count(READ) === 1 && clock.sleeping === 1);
    await clock.advance(29_000);
    expect(server.count(READ)).toBe(1);
    expect(await ended(reading)).toBe("password one");
  });

  test("a server that hangs costs the time limit, and is tried again", async () => {
    answers(HANGS, HANGS, HANGS);
    const vault = bench({ VAULT_CLIENT_TIMEOUT: "20", VAULT_MAX_RETRIES: "2" });
    const failure = failureOf(vault.value("kv/repo"));
    for (let tries = 1; tries <= 3; tries++) {
      await until("it", () => server.count(READ) === tries);
      await clock.advance(20_000);
      await until("it", () => clock.sleeping === (tries < 3 ? 1 : 0));
      if (tries < 3) await clock.advance(2000);
    }
    expect(await failure).toBe(`transient ${ABOUT} ${server.host} did not answer within 20 s`);
  });

  test("a server that is down fails everything at once for 5 s, and is asked again then", async () => {
    const vault = bench();
    await vault.value("kv/repo");
    server.instead = () => ({ status: 500 });
    await failureOf(ended(vault.value("kv/repo")));
    const asked = server.requests.length;
    const failures = await Promise.all(
      Array.from({ length: 100 }, (_, index) => failureOf(vault.value(`kv/repo${index}`))),
    );
    expect(failures[99]).toContain("(field key) in Vault: Vault at");
    expect(server.requests).toHaveLength(asked);
    server.instead = () => undefined;
    await clock.advance(5000);
    expect(await vault.value("kv/repo")).toBe("password one");
  });

  test("nobody listens", async () => {
    const { host } = server;
    const vault = bench();
    await server.stop();
    expect(await failureOf(ended(vault.value("kv/repo")))).toBe(
      `transient ${ABOUT} ${host} refuses the connection`,
    );
    server = await FakeVault.start();
  });
});

describe("answers that are none", () => {
  test.for([
    ["HTML", "<html>Please log in</html>"],
    ["a list", "[]"],
    ["half of it", '{"data":'],
  ] as const)("%s with status 200", async ([, body]) => {
    answers({ status: 200, body }, { status: 200, body }, { status: 200, body });
    const vault = bench();
    expect(await failureOf(ended(vault.value("kv/repo")))).toBe(
      `transient ${ABOUT} Vault at ${server.host} answers with something that is no JSON object: is it Vault?`,
    );
    expect(vault.state.up).toBe(false);
  });

  test("HTML with a status: the status alone is told", async () => {
    answers({ status: 400, body: "<html>canary</html>" });
    expect(await failureOf(bench().value("kv/repo"))).toBe(
      `${ABOUT} Vault at ${server.host} answers 400`,
    );
  });

  test("more than 4 MiB", async () => {
    answers({ status: 200, body: `"${"x".repeat(5 * 1024 * 1024)}"` });
    expect(await failureOf(bench().value("kv/repo"))).toMatch(/sends more than 4194304 bytes/);
  });
});

test("a refusal counts as an answer, and Vault's words are told in one short line", async () => {
  const text = `1 error occurred:\n\t* it is\u0007 bad ${"x".repeat(300)}\n\n`;
  answers({ status: 400, body: { errors: [text, 7] } });
  const vault = bench();
  const failure = await failureOf(vault.value("kv/repo"));
  expect(failure).toBe(
    `${ABOUT} Vault at ${server.host} answers 400, it is bad ${"x".repeat(190)} …`,
  );
  expect(vault.state).toMatchObject({ up: true, reads: { other: 1 } });
});

test("Vault's words are not told if they hold what was sent", async () => {
  server.instead = ({ path }) =>
    path === "kv/repo"
      ? { ...DENIED, status: 400, body: { errors: ["no static here"] } }
      : undefined;
  expect(await failureOf(bench().value("kv/repo"))).toBe(
    `${ABOUT} Vault at ${server.host} answers 400`,
  );
});

test("without node-vault the error says what to install", async () => {
  const settings = vaultSettings({ VAULT_ADDR: server.url, VAULT_TOKEN: "static" });
  const load = (): Promise<never> => Promise.reject(new Error("Cannot find package"));
  const { resolver } = openVault(settings, { clock, logger: new ArrayLogger(), load });
  const { signal } = new AbortController();
  expect(await failureOf(resolver.resolve({ vault: "kv/repo", field: "key" }, signal))).toBe(
    `${ABOUT} the package node-vault cannot be loaded: npm install node-vault@0.12`,
  );
});

test("one who no longer waits is gone at once", async () => {
  answers(HANGS);
  const vault = bench();
  const abort = new AbortController();
  const reading = vault.resolver.resolve({ vault: "kv/repo", field: "key" }, abort.signal);
  await until("it", () => server.count(READ) === 1);
  abort.abort(new Error("enough"));
  await expect(reading).rejects.toThrow("enough");
  await vault.stop();
});
