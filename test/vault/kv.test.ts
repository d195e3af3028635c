import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { failureOf } from "../support/core/failure.ts";
import { DENIED, FakeVault } from "../support/vault/fake-vault.ts";
import { openVaultClient, vaultSettings } from "../support/vault/vault-client.ts";
import type { VaultTestClient } from "../support/vault/vault-client.ts";

let server: FakeVault;
let vault: VaultTestClient;

beforeEach(async () => {
  server = await FakeVault.start();
  server.secrets["team/kv/a b/ä%2e"] = { key: "encoded" };
  server.mounts["team/kv"] = 2;
  vault = openVaultClient(vaultSettings({ VAULT_ADDR: server.url, VAULT_TOKEN: "static" }));
});

afterEach(() => server.stop());

const LOOK_UP = "GET sys/internal/ui/mounts";

/** The requests, without the look-up of the token. */
function requested(): readonly string[] {
  return server.calls.filter((call) => !call.includes("auth/token"));
}

describe("the version of an engine", () => {
  test("is detected once for each mount", async () => {
    server.secrets["kv/b/c"] = { key: "three" };
    expect(await vault.value("kv/repo")).toBe("password one");
    expect(await vault.value("kv/b/c")).toBe("three");
    expect(await vault.value("secret/repo")).toBe("password two");
    expect(requested()).toEqual([
      `${LOOK_UP}/kv/repo`,
      "GET kv/repo",
      "GET kv/b/c",
      `${LOOK_UP}/secret/repo`,
      "GET secret/data/repo",
    ]);
  });

  test("is detected once for many concurrent reads", async () => {
    for (const name of ["a", "b", "c", "d", "e"]) server.secrets[`secret/${name}`] = { key: name };
    const paths = ["a", "b", "c", "d", "e"].map((name) => `secret/${name}`);
    await Promise.all(paths.map((path) => vault.value(path)));
    expect(requested().filter((call) => call.startsWith(LOOK_UP))).toHaveLength(1);
  });

  test("may be configured", async () => {
    await vault.value("kv/repo", { kvVersion: 1 });
    expect(await vault.value("secret/repo", { kvVersion: 2 })).toBe("password two");
    expect(requested().at(-1)).toBe("GET secret/data/repo");
  });

  test.for([
    ["kv/repo", "password one"],
    ["secret/repo", "password two"],
  ] as const)(
    "is found by trying both if the token may not look it up: %s",
    async ([path, value]) => {
      server.intercept = (request) => (request.path.startsWith("sys/") ? DENIED : undefined);
      expect(await vault.value(path)).toBe(value);
    },
  );

  test("is detected again if the engine at the mount was replaced", async () => {
    await vault.value("kv/repo");
    server.mounts["kv"] = 2;
    expect(await vault.value("kv/repo")).toBe("password one");
    expect(requested().slice(2)).toEqual(["GET kv/repo", `${LOOK_UP}/kv/repo`, "GET kv/data/repo"]);
  });
});

describe("a path", () => {
  test("may have a mount of several segments, and any printable character", async () => {
    expect(await vault.value("team/kv/a b/ä%2e")).toBe("encoded");
    expect(requested()).toEqual([
      `${LOOK_UP}/team/kv/a%20b/%C3%A4%252e`,
      "GET team/kv/data/a%20b/%C3%A4%252e",
    ]);
  });

  test.for(["kv/a#b", "kv/a?b", "kv/a&#x2F;b", "kv/{{a}}"])(
    "%s reaches Vault unchanged",
    async (path) => {
      server.secrets[path] = { key: "literal" };
      expect(await vault.value(path)).toBe("literal");
    },
  );

  test.for([
    ["kv/../sys/mounts", 'vault must not have an empty segment, "." or ".." between slashes'],
    ["kv/./a", 'vault must not have an empty segment, "." or ".." between slashes'],
    ["kv//a", 'vault must not have an empty segment, "." or ".." between slashes'],
    ["kv/a/", 'vault must not have an empty segment, "." or ".." between slashes'],
    ["kv/a\nb", "vault must be printable text"],
    ["kv/\ud800", "vault must be printable text"],
    ["/kv/a", 'vault must be "mount/path"'],
    ["kv", 'vault must be "mount/path"'],
    ["", 'vault must be "mount/path"'],
  ] as const)("%j is rejected without a request", async ([path, message]) => {
    expect(await failureOf(vault.value(path))).toBe(
      `secret: invalid reference to a secret in Vault: ${message}`,
    );
    expect(vault.resolver.check({ vault: path, field: "key" })).toBe(message);
    expect(server.requests).toEqual([]);
  });
});

describe("a version of a secret", () => {
  test("is requested from KV version 2", async () => {
    expect(await vault.value("secret/repo", { version: 3 })).toBe("password two");
    expect(requested().at(-1)).toBe("GET secret/data/repo?version=3");
  });

  test("is an error for KV version 1", async () => {
    expect(await failureOf(vault.value("kv/repo", { version: 3 }))).toBe(
      "secret: the secret at kv/repo, version 3 (field key) in Vault: the KV engine at kv/ has version 1, which keeps no versions of a secret: leave version out",
    );
  });

  test.for([
    ["as Vault reports it", 404],
    ["with a success status", 200],
  ] as const)("that is deleted is an error, %s", async ([, status]) => {
    const body = { data: { data: null, metadata: { deletion_time: "2026-01-01T00:00:00Z" } } };
    server.intercept = ({ path }) => (path === "secret/data/repo" ? { status, body } : undefined);
    expect(await failureOf(vault.value("secret/repo"))).toBe(
      "secret: the secret at secret/repo (field key) in Vault: this version of the secret is deleted or destroyed (404 at secret/data/repo): undelete it, or write a new one",
    );
    expect(vault.state.reads.not_found).toBe(1);
  });
});

describe("an unreadable secret", () => {
  const failure = async (path: string): Promise<string> =>
    (await failureOf(vault.value(path))).replace(/^.*in Vault: /, "");

  test("that does not exist is reported with its path", async () => {
    expect(await failure("kv/none")).toBe("there is no such secret (404 at kv/none)");
    expect(await failure("secret/none")).toBe("there is no such secret (404 at secret/data/none)");
  });

  test("whose path begins with data/ is reported with a hint", async () => {
    expect(await failure("secret/data/repo")).toBe(
      "there is no such secret (404 at secret/data/data/repo); leave data/ out of the path",
    );
  });

  test("at a mount that does not exist is reported as denied, as Vault does", async () => {
    expect(await failure("none/repo")).toBe(
      'access is denied (403): a policy of the token must allow "read" on none/data/repo, and the token must be valid. If the KV engine has version 1, the path is none/repo',
    );
  });

  test("that the token may not read is reported with the path of a policy, which has data/ in KV version 2", async () => {
    server.intercept = ({ path }) => (/^(kv|secret)\//.test(path) ? DENIED : undefined);
    const denied = (path: string): string =>
      `access is denied (403): a policy of the token must allow "read" on ${path}, and the token must be valid`;
    expect(await failure("secret/repo")).toBe(denied("secret/data/repo"));
    expect(await failure("kv/repo")).toBe(denied("kv/repo"));
    expect(await failure("secret/data/repo")).toBe(
      `${denied("secret/data/data/repo")}; leave data/ out of the path`,
    );
  });

  test("is not tried as version 1 with a token that Vault refuses everywhere", async () => {
    server.tokens.clear();
    expect(await failure("secret/repo")).toBe(
      'access is denied (403): a policy of the token must allow "read" on secret/data/repo, and the token must be valid. Vault refuses the token everywhere',
    );
    expect(server.calls).not.toContain("GET secret/repo");
  });

  test("that is missing as version 2 and denied as version 1 is reported as missing", async () => {
    server.intercept = ({ path }) =>
      path.startsWith("sys/") || path === "secret/none" ? DENIED : undefined;
    expect(await failure("secret/none")).toBe("there is no such secret (404 at secret/data/none)");
  });
});
