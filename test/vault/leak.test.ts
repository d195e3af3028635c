import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

import { FakeVault } from "../support/vault/fake-vault.ts";
import { VAULT_FAILURES } from "../support/vault/vault-failures.ts";

const PROGRAM = join(import.meta.dirname, "../support/vault/resolve-from-vault.ts");

const TOKEN = "canary-token";
const JWT = "canary-jwt";

let folder: string;
let server: FakeVault;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vault-leak-"));
  await writeFile(join(folder, "jwt"), JWT);
});

afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  server = await FakeVault.start();
  server.tokens.add(TOKEN);
  server.secrets["kv/repo"] = { key: "canary-password", other: "canary-other" };
});

afterEach(() => server.stop());

const APPROLE = { method: "approle", roleId: { env: "ROLE" }, secretId: { env: "ID" } };

const BY_TOKEN = { method: "token", token: { env: "TOKEN" } };

const LOGINS = [
  APPROLE,
  { ...APPROLE, wrapped: true },
  { method: "kubernetes", role: "monitor", jwt: { file: "jwt" } },
  BY_TOKEN,
];

/** Runs a process that resolves the secret with each of these logins; returns all that it and node-vault's debug log print. */
async function outputOf(
  logins: readonly unknown[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const args = ["--conditions=source", PROGRAM];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
    cwd: folder,
    env: {
      PATH: process.env["PATH"],
      DEBUG: "*",
      NODE_DEBUG: "http,https,net,tls,undici",
      VAULT_ADDR: server.url,
      VAULT_MAX_RETRIES: "0",
      VAULT_CLIENT_TIMEOUT: "1s",
      TOKEN,
      ROLE: "canary-role-id",
      ID: "canary-secret-id",
      LOGINS: JSON.stringify(logins),
      ...env,
    },
  }).catch((error: unknown) => error as { readonly stdout: string; readonly stderr: string });
  return stdout + stderr;
}

const FAILURES: Readonly<Record<string, FakeVault["intercept"]>> = {
  nothing: () => undefined,
  ...VAULT_FAILURES,
};

test.for(Object.keys(FAILURES))("no secret is printed after this response: %s", async (failure) => {
  server.intercept = FAILURES[failure] ?? expect.fail();
  // Only "silence" needs a time-out that expires. On a busy machine a short one would expire before the request is sent.
  const timeout = failure === "silence" ? "3s" : "60s";
  const text = await outputOf(LOGINS, { VAULT_CLIENT_TIMEOUT: timeout });
  expect(server.requests.length).toBeGreaterThanOrEqual(LOGINS.length);
  expect(text).toContain("node-vault");
  expect(text).not.toContain("canary");
});

test("no secret is printed if the connection is refused or a token cannot be sent", async () => {
  expect(await outputOf(LOGINS, { VAULT_ADDR: "http://127.0.0.1:1" })).not.toContain("canary");
  const text = await outputOf([BY_TOKEN], { TOKEN: `${TOKEN}\nx` });
  expect(text).toContain("must be one line of printable characters");
  expect(text).not.toContain("canary");
});
