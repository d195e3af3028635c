import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { SecretHandle } from "../../instrumentation/core/secret.ts";
import { secretHandle } from "../../instrumentation/secrets/handle.ts";
import { disabledResolver } from "../../instrumentation/vault/reference.ts";
import { VAULT_METRICS } from "../../instrumentation/vault/metrics.ts";
import { initialState } from "../../instrumentation/vault/state.ts";
import { FakeClock, settle } from "../support/core/clock.ts";
import { failureOf } from "../support/core/failure.ts";
import { FakeVault, HANGS } from "../support/vault/fake-vault.ts";
import {
  advanceUntilSettled,
  APPROLE_VARIABLES,
  openClientOf,
} from "../support/vault/vault-client.ts";
import type { VaultTestClient } from "../support/vault/vault-client.ts";
import { until } from "../support/core/until.ts";

const { signal } = new AbortController();

let server: FakeVault;
let clock: FakeClock;
let vault: VaultTestClient;

beforeEach(async () => {
  server = await FakeVault.start();
  clock = new FakeClock();
  vault = openClientOf(server, clock, APPROLE_VARIABLES);
});

afterEach(() => server.stop());

function handle(path: string): SecretHandle {
  const reference = { scheme: "vault", reference: { vault: path, field: "key" } };
  return secretHandle(reference, new Map([["vault", vault.resolver]]), clock);
}

/** Number of reads of secrets that the server received. */
function reads(): number {
  return server.calls.filter((call) => /^GET (kv|secret)\//.test(call)).length;
}

describe("many references to few secrets", () => {
  const paths = Array.from({ length: 20 }, (_, index) => `secret/shared-${index}`);
  let handles: readonly SecretHandle[];

  beforeEach(() => {
    for (const path of paths) server.secrets[path] = { key: path };
    handles = Array.from({ length: 500 }, (_, index) => handle(paths[index % 20] ?? ""));
  });

  const current = async (): Promise<readonly string[]> =>
    Promise.all(handles.map(async (one) => (await one.current(signal)).revealText()));

  test("500 references to 20 secrets need one login, one look-up of the mount and 20 reads", async () => {
    const values = await current();
    expect(values[499]).toBe(paths[499 % 20]);
    expect(server.requests).toHaveLength(22);
    expect(vault.state).toMatchObject({ logins: 1, reads: { success: 20 } });
  });

  test("need 20 reads also if they are resolved one after the other, over hours", async () => {
    for (const one of handles) {
      await one.current(signal);
      await clock.advance(60_000);
    }
    expect(reads()).toBe(20);
  });

  test("are read by at most 8 parallel requests", async () => {
    server.intercept = ({ path }) => (path.startsWith("secret/") ? HANGS : undefined);
    const failures = handles.map((one) => failureOf(one.current(signal)));
    await until("8 reads", () => reads() === 8);
    for (let turns = 0; turns < 100; turns++) await settle();
    expect(reads()).toBe(8);
    // The time limits of the waiting reads have not begun.
    expect(clock.sleeping).toBe(8);
    await vault.stop();
    expect((await Promise.all(failures))[499]).toContain("the agent is stopping");
  });

  test("need 20 reads again to refresh all of them, with the same notBefore", async () => {
    await current();
    await clock.advance(1000);
    const since = clock.now();
    for (const one of handles) await one.refresh(signal, since);
    expect(reads()).toBe(40);
  });
});

describe("a rotated secret", () => {
  test("is returned by a refresh, even if another handle has just read the old value", async () => {
    const one = handle("kv/repo");
    const other = handle("kv/repo");
    expect((await one.current(signal)).revealText()).toBe("password one");
    server.secrets["kv/repo"] = { key: "rotated" };
    expect((await other.current(signal)).revealText()).toBe("password one");
    expect((await one.refresh(signal)).revealText()).toBe("rotated");
    expect((await other.refresh(signal)).revealText()).toBe("rotated");
    expect(reads()).toBe(3);
  });

  test("keeps its last value if it can no longer be read", async () => {
    const one = handle("kv/repo");
    await one.current(signal);
    const { resolvedAt } = one;
    await clock.advance(1000);
    delete server.secrets["kv/repo"];
    expect((await one.refresh(signal)).revealText()).toBe("password one");
    expect(one.resolvedAt).toBe(resolvedAt);
  });

  test("is read again after a failed read", async () => {
    server.intercept = () => ({ status: 500 });
    const one = handle("kv/repo");
    await failureOf(advanceUntilSettled(clock, one.current(signal)));
    server.intercept = () => undefined;
    await clock.advance(5000);
    expect((await one.current(signal)).revealText()).toBe("password one");
  });

  test("is read again after the clock was set back", async () => {
    await handle("kv/repo").current(signal);
    clock.step(-3_600_000);
    server.secrets["kv/repo"] = { key: "rotated" };
    expect((await handle("kv/repo").current(signal)).revealText()).toBe("rotated");
  });
});

describe("the field", () => {
  test.for([
    [{}, "the field does not exist"],
    [{ key: "" }, "the field is empty"],
    [{ key: 12_345_678 }, "the field is not text"],
    [{ key: { canary: 1 } }, "the field is not text"],
  ] as const)("of the secret %j is an error", async ([fields, message]) => {
    server.secrets["kv/repo"] = fields;
    expect(await failureOf(vault.value("kv/repo"))).toBe(
      `secret: the secret at kv/repo (field key) in Vault: ${message}`,
    );
    expect(await failureOf(vault.value("kv/repo", { field: "toString" }))).toContain(
      "does not exist",
    );
  });

  test("is returned byte for byte", async () => {
    server.secrets["kv/repo"] = { key: " pass wörd\n" };
    expect(await vault.value("kv/repo")).toBe(" pass wörd\n");
  });
});

test.for([
  ["text", 'must be {vault: "mount/path", field: "key"}'],
  [{ vault: "kv/a" }, "field must be the name of a value in the secret"],
  [{ vault: "kv/a", field: 1 }, "field must be the name of a value in the secret"],
  [{ vault: "kv/a", field: "k", version: 0 }, "version must be a positive integer"],
  [{ vault: "kv/a", field: "k", kvVersion: 3 }, "kvVersion must be 1 or 2"],
  [
    { vault: "kv/a", field: "k", mount: "x" },
    "unknown key; known keys: vault, field, version, kvVersion",
  ],
] as const)("the reference %j is rejected", async ([reference, message]) => {
  expect(vault.resolver.check(reference)).toBe(message);
  expect(await failureOf(vault.resolver.resolve(reference, signal))).toBe(
    `secret: invalid reference to a secret in Vault: ${message}`,
  );
});

test("while Vault is disabled every reference fails with the reason", async () => {
  const resolver = disabledResolver("Vault is not configured: set VAULT_ADDR");
  const reference = { vault: "kv/repo", field: "key" };
  expect(resolver.check(reference)).toBeUndefined();
  expect(await failureOf(resolver.resolve(reference, signal))).toBe(
    "secret: the secret at kv/repo (field key) in Vault: Vault is not configured: set VAULT_ADDR",
  );
});

describe("metrics", () => {
  /** The current points as `name{label values} value`. */
  const points = (state = vault.state): readonly string[] =>
    VAULT_METRICS.flatMap((metric) =>
      [...metric.points(state, clock.now())].map(
        ([value, labels]) =>
          `${metric.name}${Object.values(labels)
            .map((label) => `{${label}}`)
            .join("")} ${value}`,
      ),
    );

  test("before the first request are the counters only", () => {
    expect(points(initialState())).toEqual([
      "restic_otel.vault_logins 0",
      "restic_otel.vault_reads{success} 0",
      "restic_otel.vault_reads{denied} 0",
      "restic_otel.vault_reads{not_found} 0",
      "restic_otel.vault_reads{unreachable} 0",
      "restic_otel.vault_reads{other} 0",
    ]);
  });

  test("show the remaining lifetime of the token and reads by result", async () => {
    server.ttl = 3600;
    await vault.value("kv/repo");
    await failureOf(vault.value("kv/none"));
    await failureOf(vault.value("unknown/none"));
    await clock.advance(600_000);
    expect(points()).toEqual([
      "restic_otel.vault_up 1",
      "restic_otel.vault_token_ttl_seconds 3000",
      "restic_otel.vault_logins 1",
      "restic_otel.vault_reads{success} 1",
      "restic_otel.vault_reads{denied} 1",
      "restic_otel.vault_reads{not_found} 1",
      "restic_otel.vault_reads{unreachable} 0",
      "restic_otel.vault_reads{other} 0",
    ]);
    server.intercept = () => ({ status: 502 });
    await failureOf(advanceUntilSettled(clock, vault.value("kv/repo")));
    expect(points()[0]).toBe("restic_otel.vault_up 0");
    expect(points()).toContain("restic_otel.vault_reads{unreachable} 1");
  });

  test("show 0 seconds for an expired token", () => {
    const state = { ...initialState(), tokenExpiresAt: clock.now() - 1 };
    expect(points(state)).toContain("restic_otel.vault_token_ttl_seconds 0");
  });
});
