import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { failureOf } from "../../support/core/failure.ts";
import type { VaultTestClient } from "../../support/vault/vault-client.ts";
import { listeningPort } from "../../support/core/listening-port.ts";
import { requirePeer } from "../../support/agent/peers.ts";
import { ALL, readAll, READER, SeededVault } from "../../support/vault/seeded-vault.ts";
import {
  approleIds,
  jwtIssuer,
  kubernetes,
  wrappedSecretId,
} from "../../support/vault/vault-logins.ts";

const TLS = join(import.meta.dirname, "../../fixtures/tls");
const CA = join(TLS, "ca.pem");
const CLIENT = join(TLS, "client.pem");

describe.skipIf(!requirePeer("vault"))("logins to a real Vault", () => {
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

  test("with a token in the environment and in ~/.vault-token", async () => {
    const { auth } = await peer.server.admin("POST", "auth/token/create", { policies: ["reader"] });
    const { client_token: token } = auth as { readonly client_token: string };
    vault = peer.open(undefined, { VAULT_TOKEN: token });
    expect(await readAll(vault)).toEqual(ALL);
    await writeFile(join(peer.folder, ".vault-token"), `${token}\n`);
    vault = peer.open(undefined);
    expect(await readAll(vault)).toEqual(ALL);
    expect(vault.state).toMatchObject({ up: true, logins: 0, reads: { success: 3 } });
  });

  test("with AppRole", async () => {
    const { roleId, secretId } = await approleIds(peer.server, "reader");
    vault = peer.open(undefined, { VAULT_ROLE_ID: roleId, VAULT_SECRET_ID: secretId });
    expect(await readAll(vault)).toEqual(ALL);
    expect(vault.state.logins).toBe(1);
  });

  test("with AppRole and a wrapped secret id, which can be unwrapped once", async () => {
    const { roleId } = await approleIds(peer.server, "reader");
    const secretId = await wrappedSecretId(peer.server, "reader");
    const auth = { method: "approle", roleId, secretId, wrapped: true };
    vault = peer.open(auth);
    expect(await readAll(vault)).toEqual(ALL);
    await peer.revokeAll();
    expect(await readAll(vault)).toEqual(ALL);
    await vault.stop();
    vault = peer.open(auth);
    expect(await failureOf(vault.value("kv/repo"))).toContain("was unwrapped before");
  });

  test("with Kubernetes", async () => {
    const cluster = await kubernetes(peer.server, READER);
    const jwt = join(peer.folder, "service-account");
    await writeFile(jwt, cluster.jwt);
    vault = peer.open({ method: "kubernetes", role: "monitor", jwt: { file: jwt } });
    expect(await readAll(vault)).toEqual(ALL);
    await cluster.stop();
  });

  test("with a JWT", async () => {
    const issue = await jwtIssuer(peer.server, READER);
    vault = peer.open({ method: "jwt", role: "monitor", jwt: issue("monitor") });
    expect(await readAll(vault)).toEqual(ALL);
    vault = peer.open({ method: "jwt", role: "monitor", jwt: `${issue("monitor")}x` });
    expect(await failureOf(vault.value("kv/repo"))).toMatch(
      /the login to Vault with jwt at auth\/jwt is refused: Vault at 127\.0\.0\.1:\d+ answers 400, /,
    );
  });

  test("with a client certificate", async () => {
    await peer.server.admin("POST", "sys/auth/cert", { type: "cert" });
    const certificate = await readFile(CA, "utf8");
    await peer.server.admin("POST", "auth/cert/certs/monitor", { certificate, ...READER });
    vault = peer.open(
      { method: "cert", role: "monitor" },
      { VAULT_CLIENT_CERT: CLIENT, VAULT_CLIENT_KEY: CLIENT },
    );
    expect(await readAll(vault)).toEqual(ALL);
  });

  test("with the method none, if a proxy adds the token", async () => {
    const { auth } = await peer.server.admin("POST", "auth/token/create", { policies: ["reader"] });
    const { client_token: token } = auth as { readonly client_token: string };
    const receivedTokens: string[] = [];
    const proxy = createServer((request, response) => {
      receivedTokens.push(String(request.headers["x-vault-token"]));
      const headers = { ...request.headers, "x-vault-token": token };
      const { method = "GET", url = "" } = request;
      const forwarded = httpRequest(`${peer.server.url}${url}`, { method, headers }, (answer) =>
        answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers)),
      );
      request.pipe(forwarded);
    }).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    vault = peer.open(
      { method: "none" },
      { VAULT_ADDR: `http://127.0.0.1:${listeningPort(proxy)}` },
    );
    expect(await readAll(vault)).toEqual(ALL);
    expect(new Set(receivedTokens)).toEqual(new Set(["undefined"]));
    proxy.close();
    proxy.closeAllConnections();
  });

  test("with a method at another mount", async () => {
    await peer.server.admin("POST", "sys/auth/team/apps", { type: "approle" });
    await peer.server.admin("POST", "auth/team/apps/role/r", {
      ...READER,
      bind_secret_id: false,
      token_bound_cidrs: ["127.0.0.0/8"],
    });
    const { data } = await peer.server.admin("GET", "auth/team/apps/role/r/role-id");
    const { role_id: roleId } = data as { readonly role_id: string };
    vault = peer.open({ method: "approle", mount: "team/apps", roleId });
    expect(await readAll(vault)).toEqual(ALL);
  });

  test("with a wrong secret id are reported as refused", async () => {
    const { roleId } = await approleIds(peer.server, "reader");
    vault = peer.open(undefined, { VAULT_ROLE_ID: roleId, VAULT_SECRET_ID: "wrong-secret-id" });
    expect(await failureOf(vault.value("kv/repo"))).toMatch(
      /^secret: the secret at kv\/repo \(field key\) in Vault: the login to Vault with approle at auth\/approle is refused: Vault at 127\.0\.0\.1:\d+ answers 400, invalid secret id$/,
    );
  });

  test("with an invalid token are reported as denied", async () => {
    vault = peer.open(undefined, { VAULT_TOKEN: "hvs.none" });
    expect(await failureOf(vault.value("kv/repo"))).toContain("access is denied (403)");
    expect(vault.state.reads.denied).toBe(1);
  });
});
