import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { failureOf } from "../../support/core/failure.ts";
import type { VaultTestClient } from "../../support/vault/vault-client.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import { ALL, readAll, SeededVault } from "../../support/vault/seeded-vault.ts";
import { writeSecret } from "../../support/vault/vault.ts";
import { until } from "../../support/core/until.ts";

describe.skipIf(!requirePeer("vault"))("a real Vault", () => {
  let peer: SeededVault;
  let vault: VaultTestClient;

  beforeAll(async () => {
    peer = await SeededVault.start(await mkdtemp(join(tmpdir(), "vault-")));
  });

  afterEach(() => peer.close());

  afterAll(async () => {
    await peer.server.stop();
    await rm(peer.folder, { recursive: true });
  });

  describe("secrets", () => {
    const failure = async (
      path: string,
      more?: Readonly<Record<string, unknown>>,
    ): Promise<string> => (await failureOf(vault.value(path, more))).replace(/^.*in Vault: /, "");

    test("that are denied by the policy or do not exist are reported with the reason", async () => {
      vault = await peer.openAppRole();
      expect(await failure("secret/other")).toBe(
        'access is denied (403): a policy of the token must allow "read" on secret/data/other, and the token must be valid',
      );
      expect(await failure("nowhere/x")).toContain("access is denied (403)");
      expect(await failure("team/kv/none")).toBe(
        "there is no such secret (404 at team/kv/data/none)",
      );
      expect(await failure("kv/repo", { field: "none" })).toBe("the field does not exist");
    });

    test("with versions: the newest, an older, a deleted and a destroyed one", async () => {
      for (const key of ["one", "two", "three", "four"])
        await writeSecret(peer.server, 2, "team/kv/versions", { key });
      await peer.server.admin("POST", "team/kv/delete/versions", { versions: [2] });
      await peer.server.admin("PUT", "team/kv/destroy/versions", { versions: [3] });
      vault = await peer.openAppRole();
      expect(await vault.value("team/kv/versions")).toBe("four");
      expect(await vault.value("team/kv/versions", { version: 1 })).toBe("one");
      for (const version of [2, 3]) {
        expect(await failure("team/kv/versions", { version })).toBe(
          "this version of the secret is deleted or destroyed (404 at team/kv/data/versions): undelete it, or write a new one",
        );
      }
      expect(await failure("team/kv/versions", { version: 9 })).toContain(
        "there is no such secret",
      );
    });

    test("with special characters in their paths can be read", async () => {
      vault = await peer.openAppRole({ token_policies: ["reader", "any"] });
      await peer.server.admin("PUT", "sys/policies/acl/any", {
        policy: 'path "kv/*" { capabilities = ["read"] }',
      });
      for (const name of ["a#b", "a?b=c", "100%", "ä&<'>", "a+b", "{{x}}"]) {
        await peer.server.admin("POST", `kv/${encodeURIComponent(name)}`, { key: name });
        expect(await vault.value(`kv/${name}`)).toBe(name);
      }
    });
  });

  describe("the token", () => {
    test("is renewed, and replaced at its max_ttl, while secrets are read", async () => {
      vault = await peer.openAppRole({ token_ttl: "2s", token_max_ttl: "5s" });
      const end = performance.now() + 9000;
      while (performance.now() < end) {
        expect(await vault.value("kv/repo")).toBe("in version 1");
        expect(vault.state.tokenExpiresAt).toBeGreaterThan(Date.now());
        await delay(200);
      }
      expect(vault.state.logins).toBeGreaterThanOrEqual(2);
      expect(vault.state.logins).toBeLessThanOrEqual(4);
      expect(vault.logger.texts).toEqual([]);
    });

    test("of type batch, which cannot be renewed, is replaced before it expires", async () => {
      vault = await peer.openAppRole({ token_ttl: "2s", token_type: "batch" });
      await vault.value("kv/repo");
      await delay(3000);
      expect(vault.state.logins).toBeGreaterThanOrEqual(2);
      await vault.value("kv/repo");
    });

    test("that was revoked is replaced by the next read", async () => {
      vault = await peer.openAppRole();
      await vault.value("kv/repo");
      await peer.revokeAll();
      expect(await readAll(vault)).toEqual(ALL);
      expect(vault.state.logins).toBe(2);
    });

    test("is revoked by stop", async () => {
      vault = await peer.openAppRole();
      const before = await peer.accessors();
      await vault.value("kv/repo");
      expect(await peer.accessors()).toHaveLength(before.length + 1);
      await vault.stop();
      expect((await peer.accessors()).toSorted()).toEqual(before.toSorted());
      expect(vault.logger.texts).toEqual([]);
    });
  });

  describe("an outage", () => {
    const QUICK = { VAULT_MAX_RETRIES: "0", VAULT_CLIENT_TIMEOUT: "3s" };

    test.for([
      [
        "a seal",
        / answers 503, Vault is sealed$/,
        () => peer.server.admin("PUT", "sys/seal"),
        () => peer.server.unseal(),
      ],
      [
        "a server that does not answer",
        / 127\.0\.0\.1:\d+ (did not answer within|sent nothing for) 3 s$/,
        () => peer.server.kill("SIGSTOP"),
        () => peer.server.kill("SIGCONT"),
      ],
      [
        "a restart",
        / 127\.0\.0\.1:\d+ (refuses|closed) the connection$/,
        () => peer.server.stop(),
        () => peer.restart(),
      ],
    ] as const)(
      "by %s is a temporary error, and reads work again afterwards",
      async ([, message, begin, end]) => {
        vault = await peer.openAppRole({}, QUICK);
        await vault.value("kv/repo");
        await begin();
        const failure = await failureOf(vault.value("kv/repo"));
        expect(failure).toMatch(/^transient secret: /);
        expect(failure).toMatch(message);
        expect(vault.state).toMatchObject({ up: false, reads: { unreachable: 1 } });
        await end();
        await until("Vault to be back", async () => {
          const reading = vault.value("secret/repo");
          return reading.then(
            () => true,
            () => false,
          );
        });
        expect(vault.state).toMatchObject({ up: true, logins: 1 });
      },
    );
  });
});
