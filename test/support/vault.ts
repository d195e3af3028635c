import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { peerPath } from "./peers.ts";
import { startServer, type Server } from "./server.ts";

const TLS = join(import.meta.dirname, "../fixtures/tls");

interface VaultServerOptions {
  /** Further arguments. */
  readonly args?: readonly string[];
  /** The plain listener; default: a free port. Only a server that a test has stopped before has a known one. */
  readonly listen?: string;
}

/** An answer of Vault's HTTP API. */
interface VaultReply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A real Vault, initialised and unsealed, with its storage in memory. */
export interface VaultServer extends Server {
  /** The TLS listener: its certificate is of fixtures/tls/ca.pem, and it takes certificates of clients from there. */
  readonly tlsUrl: string;
  readonly rootToken: string;
  readonly unsealKeys: readonly string[];
  /** One request with the root token, or another one. Any status is an answer. */
  api(method: string, path: string, body?: unknown, token?: string): Promise<VaultReply>;
  /** The same, and expects that it succeeds. */
  admin(method: string, path: string, body?: unknown): Promise<VaultReply["body"]>;
}

export async function startVault({
  args = [],
  listen = "127.0.0.1:0",
}: VaultServerOptions = {}): Promise<VaultServer> {
  const file = (name: string): string => join(TLS, `${name}.pem`);
  const tls = ["-cert", file("server"), "-key", file("server"), "-client-ca", file("ca")];
  const server = await startServer({
    command: peerPath("vault"),
    args: ["-init", "-http", listen, "-https", "127.0.0.1:0", ...tls, ...args],
    announces: /"http":"(http:[^"]+)".*\n/,
    url: (address) => address,
  });
  const said = /^\{"version".*$/m.exec(server.log())?.[0] ?? "{}";
  const announced: {
    readonly https: string;
    readonly root_token: string;
    readonly unseal_keys_b64: readonly string[];
  } = JSON.parse(said);
  const api: VaultServer["api"] = async (method, path, body, token = announced.root_token) => {
    const answer = await fetch(`${server.url}/v1/${path}`, {
      method,
      headers: { "x-vault-token": token },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === "" ? {} : JSON.parse(text) };
  };
  return {
    ...server,
    tlsUrl: announced.https,
    rootToken: announced.root_token,
    unsealKeys: announced.unseal_keys_b64,
    api,
    async admin(method, path, body) {
      const reply = await api(method, path, body);
      if (reply.status >= 300) throw new Error(`${path}: ${JSON.stringify(reply)}`);
      return reply.body;
    },
  };
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
