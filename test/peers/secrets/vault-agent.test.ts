import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startAgent } from "../../support/agent/agent.ts";
import type { RunningAgent } from "../../support/agent/agent.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import { restic } from "../../support/repository/restic-cli.ts";
import type { Samples } from "../../support/agent/samples.ts";
import { CA, SeededVault } from "../../support/vault/seeded-vault.ts";
import { until } from "../../support/core/until.ts";
import { writeSecret } from "../../support/vault/vault.ts";
import { approleIds } from "../../support/vault/vault-logins.ts";

/** Paths and initial values of the passwords, from `SeededVault`. */
const V1 = { path: "kv/repo", password: "in version 1" };
const V2 = { path: "secret/repo", password: "in version 2" };
const NESTED = { path: "team/kv/a b", password: "in a nested mount" };

describe.skipIf(!requirePeer("vault") || !requirePeer("restic"))(
  "an agent with secrets in Vault",
  () => {
    let folder: string;
    let vault: SeededVault;
    let agent: RunningAgent;
    const repo = (name: string): string => join(folder, name);
    const plain = {
      repo: join(import.meta.dirname, "../../fixtures/v1"),
      password: "correct horse",
    };
    const nested = { vault: NESTED.path, field: "key" };

    const settings = (nestedPassword: object = nested): object => ({
      repositories: [
        { repo: repo("v1"), vault_material: "repo" },
        { repo: repo("v2"), password: { vault: V2.path, field: "key" } },
        { repo: repo("nested"), password: nestedPassword },
        plain,
      ],
      // The keys are listed in each collection, so a changed password is noticed at once.
      reverify: "1ms",
      retryFailed: false,
    });
    const up = (samples: Samples): readonly (number | undefined)[] =>
      ["v1", "v2", "nested"]
        .map((name) => samples.value("backup_repository_up", { url: repo(name) }))
        .concat(samples.value("backup_repository_up", { url: plain.repo }));
    const reads = (samples: Samples): number | undefined =>
      samples.value("restic_otel_vault_reads_total", { result: "success" });
    const logins = (samples: Samples): number | undefined =>
      samples.value("restic_otel_vault_logins_total");
    const errorOf = async (name: string): Promise<string> => {
      const status = await (await fetch(`${agent.url}/api/status`)).text();
      interface Entry {
        readonly url: string;
        readonly error?: { readonly type: string; readonly message: string };
      }
      const { repositories }: { readonly repositories: readonly Entry[] } = JSON.parse(status);
      const { error } = repositories.find(({ url }) => url === repo(name)) ?? {};
      return `${error?.type}: ${error?.message}`;
    };
    /** Changes the password of a repository, in restic and in Vault. */
    const rotate = async (name: string, from: string, to: string, version: 1 | 2, path: string) => {
      const file = join(folder, "new");
      await writeFile(file, to);
      await restic(["key", "passwd", "--new-password-file", file], {
        repo: repo(name),
        password: from,
      });
      await rm(file);
      await writeSecret(vault.server, version, path, { key: to });
    };

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "vault-agent-"));
      await mkdir(join(folder, "vault"));
      vault = await SeededVault.start(join(folder, "vault"));
      const { roleId, secretId } = await approleIds(vault.server, "reader");
      for (const [name, { password }] of Object.entries({ v1: V1, v2: V2, nested: NESTED }))
        await restic(["init"], { repo: repo(name), password });
      agent = await startAgent(settings(), {
        env: {
          VAULT_ADDR: vault.server.tlsUrl,
          VAULT_CACERT: CA,
          VAULT_ROLE_ID: roleId,
          VAULT_SECRET_ID: secretId,
          VAULT_MAX_RETRIES: "0",
          VAULT_CLIENT_TIMEOUT: "10s",
        },
      });
    });

    afterAll(async () => {
      await agent.stop();
      await vault.server.stop();
      await rm(folder, { recursive: true });
    });

    test("logs in once and reads each secret once, also over several collections", async () => {
      await agent.collect();
      const samples = await agent.collect();
      expect(up(samples)).toEqual([1, 1, 1, 1]);
      expect({ logins: logins(samples), reads: reads(samples) }).toEqual({ logins: 1, reads: 3 });
    });

    test("uses a password changed in the repository and in Vault in the next collection", async () => {
      const before = await agent.scrape();
      await rotate("v1", V1.password, "rotated once", 1, V1.path);
      await rotate("v2", V2.password, "rotated, too", 2, V2.path);
      const after = await agent.collect();
      expect(up(after)).toEqual([1, 1, 1, 1]);
      expect(after.of("backup_repository_error")).toEqual([]);
      expect({ logins: logins(after), reads: reads(after) }).toEqual({ logins: 1, reads: 5 });
      const resolved = (samples: Samples, name: string): number =>
        samples.value("backup_repository_secret_resolved_timestamp_seconds", {
          url: repo(name),
        }) ?? Number.NaN;
      expect(resolved(after, "v1")).toBeGreaterThan(resolved(before, "v1"));
      expect(resolved(after, "nested")).toBe(resolved(before, "nested"));
    });

    test("reads a password changed in the repository only once a collection, until Vault has it", async () => {
      const file = join(folder, "new");
      await writeFile(file, "not in Vault yet");
      await restic(["key", "passwd", "--new-password-file", file], {
        repo: repo("v1"),
        password: "rotated once",
      });
      const before = reads(await agent.scrape()) ?? Number.NaN;
      const rejected = await agent.collect();
      expect(up(rejected)).toEqual([0, 1, 1, 1]);
      expect(await errorOf("v1")).toMatch(/^wrong_password: /);
      expect(reads(rejected)).toBe(before + 1);
      await writeSecret(vault.server, 1, V1.path, { key: "not in Vault yet" });
      expect(up(await agent.collect())).toEqual([1, 1, 1, 1]);
    });

    test("logs in once more after its token was revoked", async () => {
      await vault.revokeAll();
      await rotate("v2", "rotated, too", "rotated again", 2, V2.path);
      const samples = await agent.collect();
      expect(up(samples)).toEqual([1, 1, 1, 1]);
      expect(logins(samples)).toBe(2);
    });

    test("reports a secret that is missing, denied or deleted; only its repository fails", async () => {
      const failureOf = async (reference: object): Promise<string> => {
        await agent.configure(settings({ field: "key", ...reference }));
        await agent.reload();
        expect(up(await agent.collect())).toEqual([1, 1, 0, 1]);
        return errorOf("nested");
      };
      expect(await failureOf({ vault: "team/kv/none" })).toBe(
        "secret: the secret at team/kv/none (field key) in Vault: there is no such secret (404 at team/kv/data/none)",
      );
      expect(await failureOf({ vault: "secret/other" })).toMatch(
        /^secret: the secret at secret\/other \(field key\) in Vault: access is denied \(403\): a policy /,
      );
      expect(await failureOf({ vault: NESTED.path, field: "none" })).toBe(
        "secret: the secret at team/kv/a b (field none) in Vault: the field does not exist",
      );
      await writeSecret(vault.server, 2, "team/kv/deleted", { key: "x" });
      await vault.server.admin("DELETE", "team/kv/data/deleted");
      expect(await failureOf({ vault: "team/kv/deleted" })).toMatch(/this version .* is deleted/);
      await agent.configure(settings());
      await agent.reload();
      expect(up(await agent.collect())).toEqual([1, 1, 1, 1]);
    });

    const OUTAGES = [
      [
        "sealed",
        async () => {
          await vault.server.admin("PUT", "sys/seal");
          return () => vault.server.unseal();
        },
        /Vault is sealed/,
      ],
      [
        "stopped",
        async () => {
          await vault.server.stop();
          return () => vault.restart();
        },
        /refuses the connection/,
      ],
      [
        "replaced by a server that does not answer",
        async () => {
          await vault.server.stop();
          const sockets = new Set<Socket>();
          const silent = createServer((socket) => sockets.add(socket.on("error", () => {})));
          silent.listen(Number(new URL(vault.server.tlsUrl).port), "127.0.0.1");
          await once(silent, "listening");
          return async () => {
            silent.close();
            for (const socket of sockets) socket.destroy();
            await once(silent, "close");
            await vault.restart();
          };
        },
        /(within|for) 10 s/,
      ],
    ] as const;

    test.for(OUTAGES)(
      "keeps known secrets while Vault is %s; only a repository with an unknown secret fails",
      async ([, begin, message]) => {
        expect(up(await agent.collect())).toEqual([1, 1, 1, 1]);
        const seen = agent.log().length;
        const end = await begin();
        // A reload resolves all secrets again. That of the third repository is new.
        await agent.configure(settings({ ...nested, version: 1 }));
        await agent.reload();
        const samples = await agent.collect();
        expect(up(samples)).toEqual([1, 1, 0, 1]);
        expect(samples.value("restic_otel_vault_up")).toBe(0);
        expect(await errorOf("nested")).toMatch(
          /^secret: the secret at team\/kv\/a b, version 1 \(field key\) in Vault: /,
        );
        expect(await errorOf("nested")).toMatch(message);
        const stale = /using its last value.*/g;
        expect(agent.log().slice(seen).match(stale)).toHaveLength(2);
        await end();
        await until("all repositories to be up", async () =>
          up(await agent.collect()).every((value) => value === 1),
        );
        expect((await agent.scrape()).value("restic_otel_vault_up")).toBe(1);
        await agent.configure(settings());
        await agent.reload();
      },
    );

    test("revokes its token when it stops", async () => {
      await agent.collect();
      const before = await vault.accessors();
      agent.kill("SIGTERM");
      expect(await agent.exit).toBe(0);
      expect(await vault.accessors()).toHaveLength(before.length - 1);
      expect(agent.log()).not.toMatch(/hvs\.|rotated|in version|not in Vault yet/);
    });
  },
);
