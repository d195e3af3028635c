import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { failureOf } from "../support/core/failure.ts";
import { DENIED, FakeVault, vaultBench, vaultSettings } from "../support/vault/fake-vault.ts";
import type { VaultBench } from "../support/vault/fake-vault.ts";

let server: FakeVault;
let vault: VaultBench;

beforeEach(async () => {
  server = await FakeVault.start();
  server.secrets["team/kv/a b/ä%2e"] = { key: "encoded" };
  server.mounts["team/kv"] = 2;
  vault = vaultBench(vaultSettings({ VAULT_ADDR: server.url, VAULT_TOKEN: "static" }));
});

afterEach(() => server.stop());

const LOOK_UP = "GET sys/internal/ui/mounts";

/** What was asked for, but for the look-up of the token. */
function asked(): readonly string[] {
  return server.calls.filter((call) => !call.includes("auth/token"));
}

describe("the version of an engine", () => {
  test("is found out once for a mount", async () => {
    server.secrets["kv/b/c"] = { key: "three" };
    expect(await vault.value("kv/repo")).toBe("password one");
    expect(await vault.value("kv/b/c")).toBe("three");
    expect(await vault.value("secret/repo")).toBe("password two");
    expect(asked()).toEqual([
      `${LOOK_UP}/kv/repo`,
      "GET kv/repo",
      "GET kv/b/c",
      `${LOOK_UP}/secret/repo`,
      "GET secret/data/repo",
    ]);
  });

  test("is found out once for many who ask at once", async () => {
    for (const name of ["a", "b", "c", "d", "e"]) server.secrets[`secret/${name}`] = { key: name };
    const paths = ["a", "b", "c", "d", "e"].map((name) => `secret/${name}`);
    await Promise.all(paths.map((path) => vault.value(path)));
    expect(asked().filter((call) => call.startsWith(LOOK_UP))).toHaveLength(1);
  });

  test("may be told", async () => {
    await vault.value("kv/repo", { kvVersion: 1 });
    expect(await vault.value("secret/repo", { kvVersion: 2 })).toBe("password two");
    expect(asked().at(-1)).toBe("GET secret/data/repo");
  });

  test.for([
    ["kv/repo", "password one"],
    ["secret/repo", "password two"],
  ] as const)("is tried out if the token may not ask: %s", async ([path, value]) => {
    server.instead = (request) => (request.path.startsWith("sys/") ? DENIED : undefined);
    expect(await vault.value(path)).toBe(value);
  });

  test("is found out again if somebody has put another engine there", async () => {
    await vault.value("kv/repo");
    server.mounts["kv"] = 2;
    expect(await vault.value("kv/repo")).toBe("password one");
    expect(asked().slice(2)).toEqual(["GET kv/repo", `${LOOK_UP}/kv/repo`, "GET kv/data/repo"]);
  });
});

describe("a path", () => {
  test("may have several parts in its mount, and anything in its own", async () => {
    expect(await vault.value("team/kv/a b/ä%2e")).toBe("encoded");
    expect(asked()).toEqual([
      `${LOOK_UP}/team/kv/a%20b/%C3%A4%252e`,
      "GET team/kv/data/a%20b/%C3%A4%252e",
    ]);
  });

  test.for(["kv/a#b", "kv/a?b", "kv/a&#x2F;b", "kv/{{a}}"])("%s stays what it is", async (path) => {
    server.secrets[path] = { key: "literal" };
    expect(await vault.value(path)).toBe("literal");
  });

  test.for([
    ["kv/../sys/mounts", "must have no empty part, no . and no .. between its slashes"],
    ["kv/./a", "must have no empty part, no . and no .. between its slashes"],
    ["kv//a", "must have no empty part, no . and no .. between its slashes"],
    ["kv/a/", "must have no empty part, no . and no .. between its slashes"],
    ["kv/a\nb", "must be printable text"],
    ["kv/\ud800", "must be printable text"],
    ["/kv/a", 'must have "mount/path" as vault'],
    ["kv", 'must have "mount/path" as vault'],
    ["", 'must have "mount/path" as vault'],
  ] as const)("%j is refused", async ([path, message]) => {
    expect(await failureOf(vault.value(path))).toBe(
      `secret: the reference to a secret in Vault ${message}`,
    );
    expect(vault.resolver.check({ vault: path, field: "key" })).toBe(message);
    expect(server.requests).toEqual([]);
  });
});

describe("a version of a secret", () => {
  test("is asked for in version 2", async () => {
    expect(await vault.value("secret/repo", { version: 3 })).toBe("password two");
    expect(asked().at(-1)).toBe("GET secret/data/repo?version=3");
  });

  test("there is none in version 1", async () => {
    expect(await failureOf(vault.value("kv/repo", { version: 3 }))).toBe(
      "secret: the secret at kv/repo, version 3 (field key) in Vault: KV version 1 at kv/ keeps no versions: leave version out",
    );
  });

  test.for([
    ["as Vault says it", 404],
    ["with a good status", 200],
  ] as const)("that is deleted, %s", async ([, status]) => {
    const body = { data: { data: null, metadata: { deletion_time: "2026-01-01T00:00:00Z" } } };
    server.instead = ({ path }) => (path === "secret/data/repo" ? { status, body } : undefined);
    expect(await failureOf(vault.value("secret/repo"))).toBe(
      "secret: the secret at secret/repo (field key) in Vault: this version of it is deleted or destroyed (404 at secret/data/repo): undelete it, or write a new one",
    );
    expect(vault.state.reads.not_found).toBe(1);
  });
});

describe("what cannot be read", () => {
  const failure = async (path: string): Promise<string> =>
    (await failureOf(vault.value(path))).replace(/^.*in Vault: /, "");

  test("a secret that is missing", async () => {
    expect(await failure("kv/none")).toBe("there is no such secret (404 at kv/none)");
    expect(await failure("secret/none")).toBe("there is no such secret (404 at secret/data/none)");
  });

  test("one that is named as the API names it", async () => {
    expect(await failure("secret/data/repo")).toBe(
      "there is no such secret (404 at secret/data/data/repo); leave data/ out of the path",
    );
  });

  test("a mount that is not there", async () => {
    expect(await failure("none/repo")).toBe(
      'access is denied (403): a policy of the token must allow "read" on none/repo, and the token must be valid',
    );
  });

  test("one of an unknown engine that is missing in version 2, and denied in version 1", async () => {
    server.instead = ({ path }) =>
      path.startsWith("sys/") || path === "secret/none" ? DENIED : undefined;
    expect(await failure("secret/none")).toBe("there is no such secret (404 at secret/data/none)");
  });
});
