import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { FakeClock } from "../support/core/clock.ts";
import { failureOf } from "../support/core/failure.ts";
import { FakeVault } from "../support/vault/fake-vault.ts";
import { openVaultClient, vaultSettings } from "../support/vault/vault-client.ts";
import type { VaultTestClient } from "../support/vault/vault-client.ts";

const SUBJECT = "secret: the secret at kv/repo (field key) in Vault:";

let folder: string;
let server: FakeVault;
let clock: FakeClock;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vault-login-"));
});

afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  server = await FakeVault.start();
  clock = new FakeClock();
});

afterEach(() => server.stop());

/** @param auth the key of the section `vault`; undefined: no section */
function open(auth: unknown, env: Readonly<Record<string, string>> = {}): VaultTestClient {
  const section = auth === undefined ? undefined : { auth };
  const variables = { VAULT_ADDR: server.url, HOME: folder, ...env };
  return openVaultClient(vaultSettings(variables, section), clock);
}

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** Path, body and token of each login request. */
function logins(): readonly unknown[] {
  return server.requests
    .filter(({ path }) => path.startsWith("auth/") && path.endsWith("/login"))
    .map(({ path, body, headers }) => [path, body, headers["x-vault-token"]]);
}

describe("the login request", () => {
  test.for([
    [
      { method: "approle", roleId: "role", secretId: "id" },
      ["auth/approle/login", { role_id: "role", secret_id: "id" }],
    ],
    [
      { method: "approle", mount: "team/app role", roleId: "role" },
      ["auth/team/app%20role/login", { role_id: "role" }],
    ],
    [
      { method: "kubernetes", role: "monitor", jwt: "signed" },
      ["auth/kubernetes/login", { role: "monitor", jwt: "signed" }],
    ],
    [{ method: "jwt", jwt: "signed" }, ["auth/jwt/login", { jwt: "signed" }]],
  ] as const)("of %o", async ([auth, sent]) => {
    const vault = open(auth);
    expect(await vault.value("kv/repo")).toBe("password one");
    expect(logins()).toEqual([[...sent, undefined]]);
    expect(server.requests.at(-1)?.headers["x-vault-token"]).toBe("login-1");
    expect(vault.state.logins).toBe(1);
    await vault.stop();
  });

  test("of AppRole from the variables", async () => {
    const env = { VAULT_ROLE_ID: "role", VAULT_SECRET_ID: "id" };
    expect(await open(undefined, env).value("kv/repo")).toBe("password one");
    expect(logins()).toEqual([
      ["auth/approle/login", { role_id: "role", secret_id: "id" }, undefined],
    ]);
  });

  test("of a client certificate", async () => {
    const cert = join(import.meta.dirname, "../fixtures/tls/client.pem");
    const env = { VAULT_CLIENT_CERT: cert, VAULT_CLIENT_KEY: cert };
    expect(await open({ method: "cert", role: "r" }, env).value("kv/repo")).toBe("password one");
    expect(logins()).toEqual([["auth/cert/login", { name: "r" }, undefined]]);
  });

  test("is not sent with the method none: a proxy adds the token", async () => {
    server.intercept = ({ headers, path }) =>
      headers["x-vault-token"] === undefined && path === "kv/repo"
        ? { status: 200, body: { data: { key: "through a proxy" } } }
        : undefined;
    expect(await open({ method: "none" }).value("kv/repo")).toBe("through a proxy");
  });
});

describe("a file", () => {
  test("with a secret id or a JWT is read at each login", async () => {
    for (const [method, key] of [
      ["approle", "secretId"],
      ["kubernetes", "jwt"],
    ] as const) {
      const path = await file("rotating", " first\n");
      const role = method === "approle" ? { roleId: "role" } : { role: "role" };
      const vault = open({ method, ...role, [key]: { file: path } });
      await vault.value("kv/repo");
      await file("rotating", "second");
      server.tokens.clear();
      await vault.value("kv/repo");
      const sent = logins().slice(-2);
      expect(JSON.stringify(sent)).toMatch(/"first".*"second"/);
      await vault.stop();
    }
  });

  test("at ~/.vault-token is used by default, and a changed token at once", async () => {
    await file(".vault-token", "static\n");
    const vault = open(undefined);
    expect(await vault.value("kv/repo")).toBe("password one");
    server.tokens = new Set(["another"]);
    await file(".vault-token", "another");
    expect(await vault.value("kv/repo")).toBe("password one");
    expect(
      server.requests.filter(({ headers }) => headers["x-vault-token"] === "static").length,
    ).toBe(3);
    expect(vault.state.logins).toBe(0);
    await rm(join(folder, ".vault-token"));
  });

  test("missing at ~/.vault-token is an error that lists the alternatives", async () => {
    expect(await failureOf(open(undefined).value("kv/repo"))).toBe(
      `${SUBJECT} no login to Vault is configured: set VAULT_TOKEN, or VAULT_ROLE_ID and VAULT_SECRET_ID, or vault.auth in the settings, or run vault login`,
    );
    expect(server.requests).toEqual([]);
  });

  test("that is missing or empty is named in the error", async () => {
    const auth = { method: "kubernetes", role: "r", jwt: { file: join(folder, "none") } };
    expect(await failureOf(open(auth).value("kv/repo"))).toBe(
      `${SUBJECT} the JWT for Vault is missing: the file ${join(folder, "none")} does not exist`,
    );
    const empty = { method: "token", token: { file: await file("empty", " \n") } };
    expect(await failureOf(open(empty).value("kv/repo"))).toBe(
      `${SUBJECT} the Vault token is missing: the file ${join(folder, "empty")} is empty`,
    );
    const unset = { method: "approle", roleId: { env: "NOT_SET" } };
    expect(await failureOf(open(unset).value("kv/repo"))).toBe(
      `${SUBJECT} the role id for Vault is missing: the variable NOT_SET is not set`,
    );
  });
});

describe("a wrapped secret id", () => {
  const auth = { method: "approle", roleId: "role", secretId: "wrapping", wrapped: true };
  const UNWRAP = "POST sys/wrapping/unwrap";

  test("is unwrapped once, with the wrapping token, and kept", async () => {
    server.intercept = ({ path, headers }) =>
      path === "sys/wrapping/unwrap" && headers["x-vault-token"] === "wrapping"
        ? { status: 200, body: { data: { secret_id: "inside" } } }
        : undefined;
    const vault = open(auth);
    await vault.value("kv/repo");
    server.tokens.clear();
    await vault.value("kv/repo");
    expect(server.count(UNWRAP)).toBe(1);
    expect(logins()).toEqual(
      Array.from({ length: 2 }, () => [
        "auth/approle/login",
        { role_id: "role", secret_id: "inside" },
        undefined,
      ]),
    );
  });

  test("that was unwrapped before is an error", async () => {
    server.intercept = ({ path }) =>
      path === "sys/wrapping/unwrap"
        ? { status: 400, body: { errors: ["wrapping token is not valid or does not exist"] } }
        : undefined;
    expect(await failureOf(open(auth).value("kv/repo"))).toBe(
      `${SUBJECT} the wrapped secret id for Vault cannot be unwrapped (400): it expired or was unwrapped before; supply a new one`,
    );
  });

  test("is an error if the wrapping contains something else", async () => {
    server.intercept = ({ path }) =>
      path === "sys/wrapping/unwrap" ? { status: 200, body: { data: { key: "x" } } } : undefined;
    expect(await failureOf(open(auth).value("kv/repo"))).toContain("contains no secret id");
  });
});

describe("a refused login", () => {
  const auth = { method: "approle", mount: "apps", roleId: "role-id", secretId: "wrong" };

  test("is reported with method and mount, and not repeated for 10 s", async () => {
    const refused = { status: 400, body: { errors: ["invalid role or secret ID"] } };
    server.intercept = ({ path }) => (path === "auth/apps/login" ? refused : undefined);
    const vault = open(auth);
    const message = `${SUBJECT} the login to Vault with approle at auth/apps is refused: Vault at ${server.host} answers 400, invalid role or secret ID`;
    expect(await failureOf(vault.value("kv/repo"))).toBe(message);
    expect(await failureOf(vault.value("kv/repo"))).toBe(message);
    expect(server.requests).toHaveLength(1);
    expect(vault.state.up).toBe(false);
    await clock.advance(10_000);
    server.intercept = () => undefined;
    expect(await vault.value("kv/repo")).toBe("password one");
    expect(vault.state.up).toBe(true);
  });

  test("is reported if the response has no token", async () => {
    server.intercept = () => ({ status: 200, body: { auth: null } });
    expect(await failureOf(open(auth).value("kv/repo"))).toBe(
      `${SUBJECT} the login to Vault with approle at auth/apps returned no token`,
    );
  });
});
