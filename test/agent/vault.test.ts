import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { Samples } from "../support/agent/samples.ts";
import { VAULT_FAILURES } from "../support/vault/vault-failures.ts";
import type { VaultFailure } from "../support/vault/vault-failures.ts";
import { failing, SECRET, VaultScene, WEB } from "../support/vault/vault-scene.ts";

let scene: VaultScene;

beforeEach(async () => {
  scene = await VaultScene.start();
});

afterEach(() => scene.stop());

/** A login with a wrapped secret id. */
const WRAPPED = {
  method: "approle",
  roleId: { env: "VAULT_ROLE_ID" },
  secretId: { env: "WRAPPING" },
  wrapped: true,
};

test("the agent logs in to Vault once, reads each secret once, and revokes the token at the end", async () => {
  const { code, stdout, all } = await scene.run(["--once"], scene.repositories);
  const samples = new Samples(stdout);
  expect(failing(samples)).toEqual(["", "", "other"]);
  expect(samples.sets(WEB).length).toBeGreaterThan(0);
  expect(new Set(scene.logins)).toEqual(new Set([`Basic ${btoa("canary-b2-id:canary-b2-key")}`]));
  expect(samples.value("restic_otel_vault_up")).toBe(1);
  expect(samples.value("restic_otel_vault_logins_total")).toBe(1);
  expect(samples.value("restic_otel_vault_reads_total", { result: "success" })).toBe(3);
  expect(code).toBe(1);
  expect(scene.vault.count("POST auth/approle/login")).toBe(1);
  expect(scene.vault.count("POST auth/token/revoke-self")).toBe(1);
  expect(all).not.toMatch(SECRET);
});

describe("the agent starts without Vault, and the message says what is missing:", () => {
  test.for([
    [
      "no address",
      { VAULT_ADDR: "" },
      [],
      "Vault is not configured: set VAULT_ADDR, or vault.address in the settings",
    ],
    ["--no-vault", {}, ["--no-vault"], "Vault is disabled by --no-vault"],
    [
      "no way to log in",
      { VAULT_ROLE_ID: "" },
      [],
      "no login to Vault is configured: set VAULT_TOKEN, or VAULT_ROLE_ID and VAULT_SECRET_ID, or vault.auth in the settings, or run vault login",
    ],
  ] as const)("%s", async ([, env, args, message]) => {
    const { stdout, all } = await scene.run(["--once", ...args], scene.repositories, env);
    expect(failing(new Samples(stdout))).toEqual(["secret", "", "secret"]);
    expect(all).toContain(`the secret at secret/web (field key) in Vault: ${message}`);
    expect(scene.vault.requests).toEqual([]);
  });
});

test("a password takes precedence over vault_material, and Vault is not called", async () => {
  const entry = { repo: WEB, password: "web-password", vault_material: "web" };
  const { code, all } = await scene.run(["--once"], [entry]);
  expect(code).toBe(0);
  expect(all).toContain("vault_material: is ignored: password is set");
  expect(scene.vault.requests).toEqual([]);
});

const failures = Object.keys(VAULT_FAILURES) as readonly VaultFailure[];

test.for([...failures, "no server"] as const)(
  "%s at the start: other repositories are collected, and the message names the secret without its value",
  async (failure) => {
    if (failure !== "no server") scene.vault.intercept = VAULT_FAILURES[failure];
    const env = {
      ...(failure === "no server" && { VAULT_ADDR: "http://127.0.0.1:1" }),
      ...(failure === "silence" && { VAULT_CLIENT_TIMEOUT: "1s" }),
    };
    const b2 = failure === "a deleted version" ? "other" : "secret";
    const [collection, check] = await Promise.all([
      scene.run(["--once"], scene.repositories, env),
      scene.run(["--check-config"], scene.repositories, env),
    ]);
    expect(failing(new Samples(collection.stdout))).toEqual(["secret", "", b2]);
    expect(collection.all).toContain("the secret at secret/web (field key) in Vault: ");
    expect(collection.all).not.toMatch(SECRET);
    expect(check.code).toBe(2);
    expect(check.all).toContain(
      `${WEB}: password: the secret at secret/web (field key) in Vault: `,
    );
    expect(check.all).not.toMatch(SECRET);
  },
);

test.for(["echo", "a refusal after the unwrapping"] as const)(
  "%s for a wrapped secret id: no output contains the wrapping token or its content",
  async (failure) => {
    scene.vault.intercept = VAULT_FAILURES[failure];
    const settings = { repositories: scene.repositories, vault: { auth: WRAPPED } };
    const { all } = await scene.run(["--once"], settings, { WRAPPING: "canary-wrapping" });
    expect(all).toContain("the secret at secret/web (field key) in Vault: ");
    expect(all).not.toMatch(SECRET);
  },
);

test("--check-config reads each secret once, and reports success", async () => {
  const many = Array.from({ length: 40 }, (_, index) => ({
    repo: `/nowhere/${index}`,
    password: { vault: `secret/${index % 4}`, field: "key" },
  }));
  for (let index = 0; index < 4; index++)
    scene.vault.secrets[`secret/${index}`] = { key: "canary" };
  const { code, stdout, all } = await scene.run(["--check-config"], many);
  expect(stdout).toBe(
    "ok: 40 repositories, 0 disabled; no repository was opened: add --open for that\n",
  );
  expect(code).toBe(0);
  expect(scene.vault.calls.filter((call) => call.startsWith("GET secret/data/"))).toHaveLength(4);
  expect(scene.vault.count("POST auth/token/revoke-self")).toBe(1);
  expect(all).not.toMatch(SECRET);
});
