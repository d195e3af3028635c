import { join } from "node:path";

import { vaultBench, vaultSettings } from "./fake-vault.ts";
import type { VaultBench } from "./fake-vault.ts";
import { mountKv, startVault, writeSecret } from "./vault.ts";
import type { VaultServer } from "./vault.ts";
import { approleIds } from "./vault-logins.ts";
import type { RoleSettings } from "./vault-logins.ts";

/** Of the certificate of its TLS listener. */
export const CA = join(import.meta.dirname, "../../fixtures/tls/ca.pem");

/** Reads of the secrets, and nothing else. */
const POLICY = ["kv/repo", "secret/data/repo", "team/kv/data/*"]
  .map((path) => `path "${path}" { capabilities = ["read"] }`)
  .join("\n");

export const READER: RoleSettings = { token_policies: ["reader"], token_ttl: "1h" };

/** A real Vault with KV at three mounts, a policy that allows to read there, and AppRole. */
export class SeededVault {
  server: VaultServer;
  /** Where `~` is. */
  readonly folder: string;
  #opened: VaultBench[] = [];

  private constructor(server: VaultServer, folder: string) {
    this.server = server;
    this.folder = folder;
  }

  /** @param folder for its storage, among others */
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

  /** After it was stopped, where it was. */
  async startAgain(): Promise<void> {
    this.server = await startVault({ storage: join(this.folder, "storage"), again: this.server });
  }

  /** Uses it through TLS: by this `auth`, or by what the variables say. */
  open(auth: unknown, env: Readonly<Record<string, string>> = {}): VaultBench {
    const variables = {
      VAULT_ADDR: this.server.tlsUrl,
      VAULT_CACERT: CA,
      HOME: this.folder,
      ...env,
    };
    const section = auth === undefined ? undefined : { auth };
    const vault = vaultBench(vaultSettings(variables, section));
    this.#opened.push(vault);
    return vault;
  }

  /** The same, by a role whose tokens are like this. */
  async openAppRole(
    settings: Partial<RoleSettings> = {},
    env: Readonly<Record<string, string>> = {},
  ): Promise<VaultBench> {
    await this.server.admin("DELETE", "auth/approle/role/own");
    await this.server.admin("POST", "auth/approle/role/own", { ...READER, ...settings });
    return this.open({ method: "approle", ...(await approleIds(this.server, "own")) }, env);
  }

  /** Of all tokens that there are. */
  async accessors(): Promise<readonly string[]> {
    const { data } = await this.server.admin("LIST", "auth/token/accessors");
    return (data as { readonly keys: readonly string[] }).keys.toSorted();
  }

  /** Revokes all tokens but that of root. */
  async revokeAll(): Promise<void> {
    for (const accessor of await this.accessors()) {
      const { body } = await this.server.api("POST", "auth/token/lookup-accessor", { accessor });
      const { policies = [] } = (body["data"] ?? {}) as { readonly policies?: readonly string[] };
      if (!policies.includes("root"))
        await this.server.admin("POST", "auth/token/revoke-accessor", { accessor });
    }
  }

  /** Stops what was opened. */
  async close(): Promise<void> {
    for (const vault of this.#opened) await vault.stop();
    this.#opened = [];
  }
}

const PATHS = ["kv/repo", "secret/repo", "team/kv/a b"];

/** What `readAll` gives. */
export const ALL: readonly string[] = ["in version 1", "in version 2", "in a nested mount"];

/** All secrets that the policy allows to read, at once. */
export function readAll(vault: VaultBench): Promise<readonly string[]> {
  return Promise.all(PATHS.map((path) => vault.value(path)));
}
