import { describe, expect, test } from "vitest";

import { Secret } from "../../instrumentation/core/secret.ts";
import { settingsSummary } from "../../src/settings/redacted.ts";
import { errorOf, settingsOf } from "../support/agent/settings-file.ts";

const REPOSITORIES = "repositories:\n  - { repo: /a, vault_material: web }\n";
const LEGACY_LIST = '[{"repo": "/a", "vault_material": "web"}]';
const ADDRESS = { VAULT_ADDR: "https://vault.example.com:8200/" };

describe("Vault is used", () => {
  test("if VAULT_ADDR is set, with a file of restic-reporter", async () => {
    const env = { ...ADDRESS, VAULT_ROLE_ID: "role", VAULT_SECRET_ID: "canary" };
    const settings = await settingsOf(LEGACY_LIST, { env });
    expect(settings.monitor.vault).toMatchObject({
      address: "https://vault.example.com:8200",
      auth: { method: "approle", mount: "approle", secretId: { secret: new Secret("canary") } },
    });
    expect(settings.warnings).toEqual([]);
    const summary = JSON.stringify(settingsSummary(settings));
    expect(summary).toContain('"vault":"https://vault.example.com:8200"');
    expect(summary).not.toContain("canary");
  });

  test("if the section has an address, over which VAULT_ADDR takes precedence", async () => {
    const section = "vault: { address: 'http://127.0.0.1:8200', refresh: 6h }\n";
    const { monitor } = await settingsOf(section + REPOSITORIES);
    expect(monitor.vault).toMatchObject({
      address: "http://127.0.0.1:8200",
      refreshMs: 21_600_000,
    });
    const other = await settingsOf(section + REPOSITORIES, { env: ADDRESS });
    expect(other.monitor.vault).toMatchObject({ address: "https://vault.example.com:8200" });
  });

  test("with a warning if its certificate is not verified", async () => {
    const env = { ...ADDRESS, VAULT_SKIP_VERIFY: "1" };
    expect((await settingsOf(LEGACY_LIST, { env })).warnings).toEqual([
      "vault: the TLS certificate is not verified: an attacker on the network can read the secrets",
    ]);
    const section = "vault:\n  tls: { skipVerify: true }\n";
    expect((await settingsOf(section + REPOSITORIES, { env: ADDRESS })).warnings).toEqual([
      "FILE:1:1: vault: the TLS certificate is not verified: an attacker on the network can read the secrets",
    ]);
    const no = { ...ADDRESS, VAULT_SKIP_VERIFY: "false" };
    expect((await settingsOf(LEGACY_LIST, { env: no })).warnings).toEqual([]);
  });
});

describe("Vault is not used", () => {
  test.for([
    [
      "without an address",
      {},
      [],
      "Vault is not configured: set VAULT_ADDR, or vault.address in the settings",
    ],
    ["with --no-vault", ADDRESS, ["--no-vault"], "Vault is disabled by --no-vault"],
    [
      "with --no-vault, even if a variable is invalid",
      { VAULT_ADDR: "canary" },
      ["--no-vault"],
      "Vault is disabled by --no-vault",
    ],
  ] as const)("%s", async ([, env, args, disabledReason]) => {
    const settings = await settingsOf(LEGACY_LIST, { env, args });
    expect(settings.monitor.vault).toEqual({ disabledReason });
    expect(settingsSummary(settings)).toMatchObject({ vault: "not used" });
    expect(settings.warnings).toEqual([]);
  });

  test("with --no-vault, which hides no problem of the section", async () => {
    const text = `vault: { timeout: 5 }\n${REPOSITORIES}`;
    await expect(settingsOf(text, { args: ["--no-vault"] })).rejects.toThrow(
      ':1:10: vault.timeout: 5: must be a duration with its unit, like "10s"',
    );
  });

  test("with a section without an address, which causes a warning", async () => {
    const { warnings } = await settingsOf(`vault: { timeout: 5s }\n${REPOSITORIES}`);
    expect(warnings).toEqual(["FILE:1:1: vault: is ignored: set vault.address or VAULT_ADDR"]);
  });
});

test.for([
  [
    "several keys of the section",
    `vault:\n  address: vault:8200\n  timout: 5s\n  auth:\n    method: aprole\n${REPOSITORIES}`,
    {},
    [
      "FILE:3:3: vault.timout: unknown key; known keys: address, namespace, auth, tls, timeout, retries, refresh",
      'FILE:2:3: vault.address: must be a URL like "https://vault:8200", without credentials',
      "FILE:5:5: vault.auth.method: must be one of token, approle, kubernetes, jwt, cert, none",
    ],
  ],
  [
    "variables",
    LEGACY_LIST,
    { VAULT_ADDR: "https://user:canary@vault", VAULT_MAX_RETRIES: "many", VAULT_SKIP_VERIFY: "no" },
    [
      'VAULT_ADDR: must be a URL like "https://vault:8200", without credentials',
      "VAULT_SKIP_VERIFY: must be true or false",
      'VAULT_MAX_RETRIES: "many": must be an integer from 0 to 10',
    ],
  ],
  [
    "a section that is not a mapping",
    `vault: yes\n${REPOSITORIES}`,
    {},
    ["FILE:1:1: vault: must be a mapping"],
  ],
] as const)(
  "all problems are reported with their position or variable: %s",
  async ([, content, env, lines]) => {
    const message = await errorOf(content, { env });
    expect(message.split("\n").toSorted()).toEqual([...lines].toSorted());
    expect(message).not.toContain("canary");
  },
);

test.for([
  [
    "a path that leaves its mount",
    '{"vault": "kv/../sys", "field": "key"}',
    'vault must not have an empty segment, "." or ".." between slashes',
  ],
  [
    "a version of a secret",
    '{"vault": "kv/a", "field": "key", "version": "2"}',
    "version must be a positive integer",
  ],
] as const)("%s is rejected when the file is read", async ([, reference, message]) => {
  expect(await errorOf(`[{"repo": "/a", "password": ${reference}}]`)).toBe(
    `FILE:1:17: [0] (/a).password: ${message}`,
  );
});

test("an unknown key beside vault is reported", async () => {
  const reference = '{"vault": "kv/a", "feld": "key"}';
  expect(await errorOf(`[{"repo": "/a", "password": ${reference}}]`)).toBe(
    "FILE:1:47: [0] (/a).password.feld: unknown key; known keys: vault, field, version, kvVersion",
  );
});
