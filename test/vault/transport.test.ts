import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { failureOf } from "../support/core/failure.ts";
import { FakeVault, vaultBench, vaultSettings } from "../support/vault/fake-vault.ts";
import type { VaultBench } from "../support/vault/fake-vault.ts";

let server: FakeVault;

beforeEach(async () => {
  server = await FakeVault.start();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await server.stop();
});

function bench(env: Readonly<Record<string, string>> = {}): VaultBench {
  return vaultBench(vaultSettings({ VAULT_ADDR: server.url, VAULT_TOKEN: "static", ...env }));
}

describe("what is sent", () => {
  test("token, namespace, and the mark that agents of Vault ask for", async () => {
    expect(await bench({ VAULT_NAMESPACE: "team" }).value("kv/repo")).toBe("password one");
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

  test("nothing of what node-vault finds in the environment of the process", async () => {
    vi.stubEnv("VAULT_TOKEN", "canary-token");
    vi.stubEnv("VAULT_NAMESPACE", "canary-namespace");
    vi.stubEnv("VAULT_PREFIX", "/canary-prefix");
    vi.stubEnv("VAULT_ADDR", "http://canary.invalid");
    vi.stubEnv("VAULT_SKIP_VERIFY", "false");
    expect(await bench().value("kv/repo")).toBe("password one");
    expect(JSON.stringify(server.requests)).not.toContain("canary");
    server.tokens.clear();
    const settings = vaultSettings({ VAULT_ADDR: server.url }, { auth: { method: "none" } });
    expect(await failureOf(vaultBench(settings).value("kv/repo"))).toContain("access is denied");
    expect(JSON.stringify(server.requests)).not.toContain("canary");
  });

  test("an address may have a path, or be a socket", async () => {
    server.instead = ({ path }) =>
      path === "/vault/v1/kv/repo" ? { status: 200, body: { data: { key: "below" } } } : undefined;
    server.tokens.clear();
    const settings = vaultSettings(
      { VAULT_ADDR: `${server.url}/vault/` },
      { auth: { method: "none" } },
    );
    expect(await vaultBench(settings).value("kv/repo", { kvVersion: 1 })).toBe("below");

    const folder = await mkdtemp(join(tmpdir(), "vault-"));
    const socket = join(folder, "socket");
    const local = await FakeVault.start(undefined, socket);
    expect(await bench({ VAULT_ADDR: `unix://${socket}` }).value("kv/repo")).toBe("password one");
    await local.stop();
    await rm(folder, { recursive: true });
  });
});

describe("redirects", () => {
  test.for([
    ["a read", {}],
    ["a login", { VAULT_TOKEN: "", VAULT_ROLE_ID: "role", VAULT_SECRET_ID: "canary" }],
  ] as const)("to another host are not followed: %s", async ([, env]) => {
    const other = await FakeVault.start();
    server.instead = ({ path }) => ({
      status: 307,
      headers: { location: `${other.url}/v1/${path}` },
    });
    const failure = await failureOf(bench(env).value("kv/repo"));
    expect(failure).toMatch(new RegExp(`redirects to ${other.host}: not followed`));
    expect(other.requests).toEqual([]);
    await other.stop();
  });

  test("within the same host are", async () => {
    server.instead = ({ path }) =>
      path === "kv/repo" ? { status: 301, headers: { location: "/v1/kv/other" } } : undefined;
    server.secrets["kv/other"] = { key: "moved" };
    expect(await bench().value("kv/repo")).toBe("moved");
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

  const at = (env: Readonly<Record<string, string>>): VaultBench =>
    bench({ VAULT_ADDR: tls.url, ...env });

  test("VAULT_CACERT, VAULT_CACERT_BYTES, VAULT_CAPATH", async () => {
    const pem = await readFile(file("ca"), "utf8");
    expect(await at({ VAULT_CACERT: file("ca") }).value("kv/repo")).toBe("password one");
    expect(await at({ VAULT_CACERT_BYTES: pem }).value("kv/repo")).toBe("password one");
    expect(await at({ VAULT_CAPATH: FOLDER }).value("kv/repo")).toBe("password one");
  });

  test("a certificate that no CA vouches for is refused, with the setting that names another one", async () => {
    expect(await failureOf(at({ VAULT_CACERT: file("other-ca") }).value("kv/repo"))).toBe(
      `secret: the secret at kv/repo (field key) in Vault: TLS with ${tls.host} failed: self-signed certificate in certificate chain (SELF_SIGNED_CERT_IN_CHAIN); VAULT_CACERT or vault.tls.ca names another CA`,
    );
    expect(tls.requests).toEqual([]);
  });

  test("VAULT_SKIP_VERIFY takes any, false does not", async () => {
    expect(await at({ VAULT_SKIP_VERIFY: "true" }).value("kv/repo")).toBe("password one");
    expect(await failureOf(at({ VAULT_SKIP_VERIFY: "false" }).value("kv/repo"))).toContain(
      "TLS with",
    );
  });

  test("VAULT_TLS_SERVER_NAME is the name that the certificate must have", async () => {
    const ca = { VAULT_CACERT: file("ca") };
    const good = at({ ...ca, VAULT_TLS_SERVER_NAME: "repo.example" });
    expect(await good.value("kv/repo")).toBe("password one");
    const bad = at({ ...ca, VAULT_TLS_SERVER_NAME: "other.example" });
    expect(await failureOf(bad.value("kv/repo"))).toContain("ERR_TLS_CERT_ALTNAME_INVALID");
  });

  test("the certificate of the client is shown, as it is in the files now", async () => {
    const folder = await mkdtemp(join(tmpdir(), "vault-tls-"));
    const cert = join(folder, "client.pem");
    const env = { VAULT_CACERT: file("ca"), VAULT_CLIENT_CERT: cert, VAULT_CLIENT_KEY: cert };
    const vault = at(env);
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

  test("a file without a certificate is named", async () => {
    const bad = at({ VAULT_CACERT: import.meta.filename });
    expect(await failureOf(bad.value("kv/repo"))).toContain(
      "transport.test.ts holds no certificate",
    );
  });
});
