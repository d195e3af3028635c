import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { failureOf } from "../support/core/failure.ts";
import { FakeVault } from "../support/vault/fake-vault.ts";
import { openVaultClient, vaultSettings } from "../support/vault/vault-client.ts";
import type { VaultTestClient } from "../support/vault/vault-client.ts";

let server: FakeVault;

beforeEach(async () => {
  server = await FakeVault.start();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await server.stop();
});

function open(env: Readonly<Record<string, string>> = {}): VaultTestClient {
  return openVaultClient(vaultSettings({ VAULT_ADDR: server.url, VAULT_TOKEN: "static", ...env }));
}

describe("a request", () => {
  test("has the token, the namespace, and the header that Vault Agent requires", async () => {
    expect(await open({ VAULT_NAMESPACE: "team" }).value("kv/repo")).toBe("password one");
    expect(server.requests.map(({ headers }) => headers)).toEqual(
      Array.from({ length: 3 }, () =>
        expect.objectContaining({
          "x-vault-token": "static",
          "x-vault-namespace": "team",
          "x-vault-request": "true",
        }),
      ),
    );
    expect(server.calls).toEqual([
      "GET auth/token/lookup-self",
      "GET sys/internal/ui/mounts/kv/repo",
      "GET kv/repo",
    ]);
  });

  test("contains nothing that node-vault reads from the process environment", async () => {
    vi.stubEnv("VAULT_TOKEN", "canary-token");
    vi.stubEnv("VAULT_NAMESPACE", "canary-namespace");
    vi.stubEnv("VAULT_PREFIX", "/canary-prefix");
    vi.stubEnv("VAULT_ADDR", "http://canary.invalid");
    vi.stubEnv("VAULT_SKIP_VERIFY", "false");
    expect(await open().value("kv/repo")).toBe("password one");
    expect(JSON.stringify(server.requests)).not.toContain("canary");
    server.tokens.clear();
    const settings = vaultSettings({ VAULT_ADDR: server.url }, { auth: { method: "none" } });
    expect(await failureOf(openVaultClient(settings).value("kv/repo"))).toContain(
      "access is denied",
    );
    expect(JSON.stringify(server.requests)).not.toContain("canary");
  });

  test("goes to an address with a path, or to a Unix socket", async () => {
    server.intercept = ({ path }) =>
      path === "/vault/v1/kv/repo" ? { status: 200, body: { data: { key: "below" } } } : undefined;
    server.tokens.clear();
    const settings = vaultSettings(
      { VAULT_ADDR: `${server.url}/vault/` },
      { auth: { method: "none" } },
    );
    expect(await openVaultClient(settings).value("kv/repo", { kvVersion: 1 })).toBe("below");

    const folder = await mkdtemp(join(tmpdir(), "vault-"));
    const socket = join(folder, "socket");
    const local = await FakeVault.start(undefined, socket);
    expect(await open({ VAULT_ADDR: `unix://${socket}` }).value("kv/repo")).toBe("password one");
    await local.stop();
    await rm(folder, { recursive: true });
  });
});

describe("redirects", () => {
  test.for([
    ["of a read", {}],
    ["of a login", { VAULT_TOKEN: "", VAULT_ROLE_ID: "role", VAULT_SECRET_ID: "canary" }],
  ] as const)("%s to another host are not followed", async ([, env]) => {
    const other = await FakeVault.start();
    server.intercept = ({ path }) => ({
      status: 307,
      headers: { location: `${other.url}/v1/${path}` },
    });
    const failure = await failureOf(open(env).value("kv/repo"));
    expect(failure).toMatch(new RegExp(`redirects to ${other.host}: not followed`));
    expect(other.requests).toEqual([]);
    await other.stop();
  });

  test("within the same host are followed", async () => {
    server.intercept = ({ path }) =>
      path === "kv/repo" ? { status: 301, headers: { location: "/v1/kv/other" } } : undefined;
    server.secrets["kv/other"] = { key: "moved" };
    expect(await open().value("kv/repo")).toBe("moved");
  });
});

describe("TLS", () => {
  const FOLDER = join(import.meta.dirname, "../fixtures/tls");
  const file = (name: string): string => join(FOLDER, `${name}.pem`);
  let tls: FakeVault;

  beforeEach(async () => {
    const [pem, ca] = await Promise.all([readFile(file("server")), readFile(file("ca"))]);
    tls = await FakeVault.start({
      cert: pem,
      key: pem,
      ca,
      requestCert: true,
      rejectUnauthorized: false,
    });
  });

  afterEach(() => tls.stop());

  const openTls = (env: Readonly<Record<string, string>>): VaultTestClient =>
    open({ VAULT_ADDR: tls.url, ...env });

  test("trusts the CA of VAULT_CACERT, VAULT_CACERT_BYTES or VAULT_CAPATH", async () => {
    const pem = await readFile(file("ca"), "utf8");
    expect(await openTls({ VAULT_CACERT: file("ca") }).value("kv/repo")).toBe("password one");
    expect(await openTls({ VAULT_CACERT_BYTES: pem }).value("kv/repo")).toBe("password one");
    expect(await openTls({ VAULT_CAPATH: FOLDER }).value("kv/repo")).toBe("password one");
  });

  test("rejects a certificate of an unknown CA, and names the setting for the CA", async () => {
    expect(await failureOf(openTls({ VAULT_CACERT: file("other-ca") }).value("kv/repo"))).toBe(
      `secret: the secret at kv/repo (field key) in Vault: TLS with ${tls.host} failed: self-signed certificate in certificate chain (SELF_SIGNED_CERT_IN_CHAIN); to trust another CA, set VAULT_CACERT or vault.tls.ca`,
    );
    expect(tls.requests).toEqual([]);
  });

  test("accepts any certificate with VAULT_SKIP_VERIFY=true only", async () => {
    expect(await openTls({ VAULT_SKIP_VERIFY: "true" }).value("kv/repo")).toBe("password one");
    expect(await failureOf(openTls({ VAULT_SKIP_VERIFY: "false" }).value("kv/repo"))).toContain(
      "TLS with",
    );
  });

  test("requires the name VAULT_TLS_SERVER_NAME in the certificate", async () => {
    const ca = { VAULT_CACERT: file("ca") };
    const matching = openTls({ ...ca, VAULT_TLS_SERVER_NAME: "repo.example" });
    expect(await matching.value("kv/repo")).toBe("password one");
    const other = openTls({ ...ca, VAULT_TLS_SERVER_NAME: "other.example" });
    expect(await failureOf(other.value("kv/repo"))).toContain("ERR_TLS_CERT_ALTNAME_INVALID");
  });

  test("presents the client certificate, and reads its files again when they change", async () => {
    const folder = await mkdtemp(join(tmpdir(), "vault-tls-"));
    const cert = join(folder, "client.pem");
    const env = { VAULT_CACERT: file("ca"), VAULT_CLIENT_CERT: cert, VAULT_CLIENT_KEY: cert };
    const vault = openTls(env);
    expect(await failureOf(vault.value("kv/repo"))).toBe(
      `secret: the secret at kv/repo (field key) in Vault: TLS with Vault: the file ${cert} cannot be read (ENOENT)`,
    );
    await copyFile(file("client"), cert);
    expect(await vault.value("kv/repo")).toBe("password one");
    expect(new Set(tls.requests.map(({ subject }) => subject))).toEqual(new Set(["CN=client"]));
    await copyFile(file("server"), cert);
    await vault.value("kv/repo");
    expect(tls.requests.at(-1)?.subject).toBe("CN=localhost");
    await rm(folder, { recursive: true });
  });

  test("names a CA file without a certificate in the error", async () => {
    const vault = openTls({ VAULT_CACERT: import.meta.filename });
    expect(await failureOf(vault.value("kv/repo"))).toContain(
      "transport.test.ts holds no certificate",
    );
  });
});
