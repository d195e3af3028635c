import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { peerPath } from "../agent/peers.ts";
import { startServer, type Server } from "../http/server.ts";

const TLS = join(import.meta.dirname, "../../fixtures/tls");

interface VaultServerOptions {
  /** Folder for the storage, needed for a restart. Default: in memory. */
  readonly storage?: string;
  /** A stopped server with the same storage: the new one listens at its addresses and is unsealed with its keys. */
  readonly previous?: VaultServer;
}

/** A response of Vault's HTTP API. */
interface VaultReply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A real Vault, initialised and unsealed. */
export interface VaultServer extends Server {
  /** The TLS listener. fixtures/tls/ca.pem signed its certificate, and is its CA for client certificates. */
  readonly tlsUrl: string;
  readonly rootToken: string;
  readonly unsealKeys: readonly string[];
  /** Sends one request. Resolves for every status. @param token default: the root token */
  api(method: string, path: string, body?: unknown, token?: string): Promise<VaultReply>;
  /** Sends one request with the root token. Rejects unless it succeeds. */
  admin(method: string, path: string, body?: unknown): Promise<VaultReply["body"]>;
  unseal(): Promise<void>;
}

export async function startVault({
  storage,
  previous,
}: VaultServerOptions = {}): Promise<VaultServer> {
  const file = (name: string): string => join(TLS, `${name}.pem`);
  const addressOf = (url: string | undefined): string =>
    url?.replace(/^https?:\/\//, "") ?? "127.0.0.1:0";
  const server = await startServer({
    command: peerPath("vault"),
    args: [
      `-http=${addressOf(previous?.url)}`,
      `-https=${addressOf(previous?.tlsUrl)}`,
      `-cert=${file("server")}`,
      `-key=${file("server")}`,
      `-client-ca=${file("ca")}`,
      ...(storage === undefined ? [] : [`-storage=${storage}`]),
      ...(previous ? [] : ["-init"]),
    ],
    announces: /"http":"(http:[^"]+)".*\n/,
    url: (address) => address,
  });
  const printed: {
    readonly https: string;
    readonly root_token?: string;
    readonly unseal_keys_b64?: readonly string[];
  } = JSON.parse(/^\{"version".*$/m.exec(server.log())?.[0] ?? "{}");
  const rootToken = printed.root_token ?? previous?.rootToken ?? "";
  const unsealKeys = printed.unseal_keys_b64 ?? previous?.unsealKeys ?? [];
  const api: VaultServer["api"] = async (method, path, body, token = rootToken) => {
    const answer = await fetch(`${server.url}/v1/${path}`, {
      method,
      headers: { "x-vault-token": token },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === "" ? {} : JSON.parse(text) };
  };
  const admin: VaultServer["admin"] = async (method, path, body) => {
    const reply = await api(method, path, body);
    if (reply.status >= 300) throw new Error(`${path}: ${JSON.stringify(reply)}`);
    return reply.body;
  };
  const unseal = async (): Promise<void> => {
    for (const key of unsealKeys) await admin("PUT", "sys/unseal", { key });
  };
  if (previous) await unseal();
  return { ...server, tlsUrl: printed.https, rootToken, api, admin, unsealKeys, unseal };
}

/** Mounts a KV engine, and waits until it accepts secrets. */
export async function mountKv(vault: VaultServer, mount: string, version: 1 | 2): Promise<void> {
  const options = { version: String(version) };
  await vault.admin("POST", `sys/mounts/${mount}`, { type: "kv", options });
  const probe = version === 1 ? `${mount}/probe` : `${mount}/data/probe`;
  // A new engine of version 2 rejects writes for a moment while it upgrades its storage.
  for (let tries = 0; tries < 200; tries++) {
    const { status } = await vault.api("POST", probe, { data: { ready: "yes" } });
    if (status < 300) return;
    await delay(50);
  }
  throw new Error(`KV version ${version} at ${mount} does not become ready`);
}

/** Writes a secret to a KV engine of either version. */
export async function writeSecret(
  vault: VaultServer,
  version: 1 | 2,
  path: string,
  fields: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { mount = "", rest = "" } = /^(?<mount>.+?)\/(?<rest>[^/]+)$/.exec(path)?.groups ?? {};
  if (version === 1) await vault.admin("POST", path, fields);
  else await vault.admin("POST", `${mount}/data/${rest}`, { data: fields });
}
