import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startAgent } from "../../support/agent/agent.ts";
import { FakeB2 } from "../../support/backends/fake-b2.ts";
import { FaultServer } from "../../support/http/fault-server.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import { SealedRepository } from "../../support/repository/sealed-repository.ts";
import { mountKv, startVault, writeSecret } from "../../support/vault/vault.ts";
import type { VaultServer } from "../../support/vault/vault.ts";

const PASSWORD = "CANARY-of-the-repository";

/** With the keys of restic-reporter. */
describe.skipIf(!requirePeer("vault"))("the keys of B2 in Vault", () => {
  let vault: VaultServer;
  let server: FaultServer;
  let b2: FakeB2;

  beforeAll(async () => {
    server = await FaultServer.start();
    b2 = new FakeB2(() => server.url);
    server.answers(b2.serve);
    const sealed = new SealedRepository(PASSWORD);
    sealed.addSnapshot({ time: "2026-11-01T12:00:00Z", hostname: "h", username: "u" });
    b2.files = new Map([...sealed.files].map(([path, bytes]) => [`repo/${path}`, bytes]));
    vault = await startVault();
    await mountKv(vault, "kv", 1);
    await writeSecret(vault, 1, "kv/web", { key: PASSWORD });
    await writeSecret(vault, 1, "kv/storage", { id: b2.keyId, key: b2.key });
  });

  afterAll(async () => {
    await vault.stop();
    await server.stop();
  });

  test("are found by b2_vault_material, and read again before a rejected key is reported", async () => {
    const entry = {
      repo: "b2:backups:repo",
      vault_material: "web",
      b2_vault_material: "storage",
      environment: { B2_API_URL: server.url },
    };
    const env = { VAULT_ADDR: vault.url, VAULT_TOKEN: vault.rootToken };
    const agent = await startAgent([entry], { env });
    const url = "b2:backups:repo";
    expect((await agent.collect()).value("backup_repository_up", { url })).toBe(1);

    b2.keyId = "0022e0a5f13b7d40000000002";
    b2.expireTokens();
    await writeSecret(vault, 1, "kv/storage", { id: b2.keyId, key: b2.key });
    const samples = await agent.collect();
    expect(samples.value("backup_repository_up", { url })).toBe(1);
    expect(samples.sets(url)).toMatchObject([{ host: "h", user: "u", snapshots: 1 }]);

    b2.keyId = "0032e0a5f13b7d40000000003";
    b2.expireTokens();
    const denied = { url, error_type: "denied" };
    expect((await agent.collect()).value("backup_repository_error", denied)).toBe(1);
    await agent.stop();
    for (const secret of [PASSWORD, b2.key, "0012e0a5f13b7d4", "0022e0a5f13b7d4", vault.rootToken])
      expect(agent.log()).not.toContain(secret);
  });
});
