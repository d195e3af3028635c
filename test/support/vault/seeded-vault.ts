import { join } from "node:path";

import { openVaultClient, vaultSettings } from "./vault-client.ts";
import type { VaultTestClient } from "./vault-client.ts";
import { mountKv, startVault, writeSecret } from "./vault.ts";
import type { VaultServer } from "./vault.ts";
import { approleIds } from "./vault-logins.ts";
import type { RoleSettings } from "./vault-logins.ts";

/** The CA of the TLS listener's certificate. */
export const CA = join(import.meta.dirname, "../../fixtures/tls/ca.pem");

/** Allows reading the secrets only. */
const POLICY = ["kv/repo", "secret/data/repo", "team/kv/data/*"]
  .map((path) => `path "${path}" { capabilities = ["read"] }`)
  .join("\n");

export const READER: RoleSettings = { token_policies: ["reader"], token_ttl: "1h" };

/** A real Vault with KV engines at three mounts, a policy that allows reading them, and AppRole. */
export class SeededVault {
  server: VaultServer;
  /** HOME of the clients. */
  readonly folder: string;
  #opened: VaultTestClient[] = [];

  private constructor(server: VaultServer, folder: string) {
    this.server = server;
    this.folder = folder;
  }

  /** @param folder for the storage, and as HOME of the clients */
  static async start(folder: string): Promise<SeededVault> {
    const server = await startVault({ storage: join(folder, "storage") });
    await mountKv(server, "kv", 1);
    await mountKv(server, "secret", 2);
    await mountKv(server, "team/kv", 2);
    await writeSecret(server, 1, "kv/repo", { key: "in version 1" });
    await writeSecret(server, 2, "secret/repo", { key: "in version 2" });
    await writeSecret(server, 2, "team/kv/a b", { key: "in a nested mount" });
    await server.admin("PUT", "sys/policies/acl/reader", { policy: POLICY });
    await server.admin("POST", "sys/auth/approle", { type: "approle" });
    await server.admin("POST", "auth/approle/role/reader", READER);
    return new SeededVault(server, folder);
  }

  /** Starts the stopped server again with the same storage and addresses. */
  async restart(): Promise<void> {
    this.server = await startVault({
      storage: join(this.folder, "storage"),
      previous: this.server,
    });
  }

  /** Opens a client over TLS. @param auth the setting `vault.auth`; undefined: the variables select the login */
  open(auth: unknown, env: Readonly<Record<string, string>> = {}): VaultTestClient {
    const variables = {
      VAULT_ADDR: this.server.tlsUrl,
      VAULT_CACERT: CA,
      HOME: this.folder,
      ...env,
    };
    const section = auth === undefined ? undefined : { auth };
    const vault = openVaultClient(vaultSettings(variables, section));
    this.#opened.push(vault);
    return vault;
  }

  /** Opens a client that logs in with AppRole. @param settings of its role */
  async openAppRole(
    settings: Partial<RoleSettings> = {},
    env: Readonly<Record<string, string>> = {},
  ): Promise<VaultTestClient> {
    await this.server.admin("DELETE", "auth/approle/role/own");
    await this.server.admin("POST", "auth/approle/role/own", { ...READER, ...settings });
    return this.open({ method: "approle", ...(await approleIds(this.server, "own")) }, env);
  }

  /** The accessors of all tokens. */
  async accessors(): Promise<readonly string[]> {
    const { data } = await this.server.admin("LIST", "auth/token/accessors");
    return (data as { readonly keys: readonly string[] }).keys.toSorted();
  }

  /** Revokes all tokens except the root token. */
  async revokeAll(): Promise<void> {
    for (const accessor of await this.accessors()) {
      const { body } = await this.server.api("POST", "auth/token/lookup-accessor", { accessor });
      const { policies = [] } = (body["data"] ?? {}) as { readonly policies?: readonly string[] };
      if (!policies.includes("root"))
        await this.server.admin("POST", "auth/token/revoke-accessor", { accessor });
    }
  }

  /** Stops all clients. */
  async close(): Promise<void> {
    for (const vault of this.#opened) await vault.stop();
    this.#opened = [];
  }
}

const PATHS = ["kv/repo", "secret/repo", "team/kv/a b"];

/** The values that `readAll` returns. */
export const ALL: readonly string[] = ["in version 1", "in version 2", "in a nested mount"];

/** Reads all secrets that the policy allows, in parallel. */
export function readAll(vault: VaultTestClient): Promise<readonly string[]> {
  return Promise.all(PATHS.map((path) => vault.value(path)));
}
