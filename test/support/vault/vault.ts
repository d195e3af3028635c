import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { peerPath } from "../agent/peers.ts";
import { startServer, type Server } from "../http/server.ts";

const TLS = join(import.meta.dirname, "../../fixtures/tls");

interface VaultServerOptions {
  /** A folder for its storage, to start it again; in memory without one. */
  readonly storage?: string;
  /** One with the same storage that was stopped: the new one listens where that did, and is unsealed. */
  readonly again?: VaultServer;
}

/** An answer of Vault's HTTP API. */
interface VaultReply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A real Vault, initialised and unsealed. */
export interface VaultServer extends Server {
  /** The TLS listener: its certificate is of fixtures/tls/ca.pem, and it takes certificates of clients from there. */
  readonly tlsUrl: string;
  readonly rootToken: string;
  readonly unsealKeys: readonly string[];
  /** One request with the root token, or another one. Any status is an answer. */
  api(method: string, path: string, body?: unknown, token?: string): Promise<VaultReply>;
  /** The same, and expects that it succeeds. */
  admin(method: string, path: string, body?: unknown): Promise<VaultReply["body"]>;
  unseal(): Promise<void>;
}

export async function startVault({
  storage,
  again,
}: VaultServerOptions = {}): Promise<VaultServer> {
  const file = (name: string): string => join(TLS, `${name}.pem`);
  const where = (url: string | undefined): string =>
    url?.replace(/^https?:\/\//, "") ?? "127.0.0.1:0";
  const server = await startServer({
    command: peerPath("vault"),
    args: [
      `-http=${where(again?.url)}`,
      `-https=${where(again?.tlsUrl)}`,
      `-cert=${file("server")}`,
      `-key=${file("server")}`,
      `-client-ca=${file("ca")}`,
      ...(storage === undefined ? [] : [`-storage=${storage}`]),
      ...(again ? [] : ["-init"]),
    ],
    announces: /"http":"(http:[^"]+)".*\n/,
    url: (address) => address,
  });
  const announced: {
    readonly https: string;
    readonly root_token?: string;
    readonly unseal_keys_b64?: readonly string[];
  } = JSON.parse(/^\{"version".*$/m.exec(server.log())?.[0] ?? "{}");
  const rootToken = announced.root_token ?? again?.rootToken ?? "";
  const unsealKeys = announced.unseal_keys_b64 ?? again?.unsealKeys ?? [];
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
  if (again) await unseal();
  return { ...server, tlsUrl: announced.https, rootToken, api, admin, unsealKeys, unseal };
}

/** Mounts a KV engine, and waits until it takes secrets. */
export async function mountKv(vault: VaultServer, mount: string, version: 1 | 2): Promise<void> {
  const options = { version: String(version) };
  await vault.admin("POST", `sys/mounts/${mount}`, { type: "kv", options });
  const probe = version === 1 ? `${mount}/probe` : `${mount}/data/probe`;
  // Version 2 sets itself up for a moment.
  for (let tries = 0; tries < 200; tries++) {
    const { status } = await vault.api("POST", probe, { data: { ready: "yes" } });
    if (status < 300) return;
    await delay(50);
  }
  throw new Error(`KV version ${version} at ${mount} does not become ready`);
}

/** Writes a secret, to either version. */
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
