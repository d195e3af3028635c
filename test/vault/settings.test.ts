import { describe, expect, test } from "vitest";

import { parseVaultSettings, VAULT_DISABLED } from "../../instrumentation/vault/settings.ts";
import { settingsFindings, vaultSettings } from "../support/vault/vault-client.ts";

const ADDRESS = "https://vault.example:8200";
const HOME = { HOME: "/home/user" };

describe("variables", () => {
  test("VAULT_ADDR alone selects ~/.vault-token and the default limits", () => {
    expect(vaultSettings({ VAULT_ADDR: `${ADDRESS}/`, ...HOME })).toEqual({
      address: ADDRESS,
      namespace: undefined,
      auth: { method: "token", token: { file: "/home/user/.vault-token" }, isDefault: true },
      tls: {
        ca: undefined,
        caPem: undefined,
        caPath: undefined,
        cert: undefined,
        key: undefined,
        serverName: undefined,
        skipVerify: false,
      },
      timeoutMs: 10_000,
      retries: 2,
      refreshMs: undefined,
    });
  });

  test("without an address all other variables are ignored, invalid ones too", () => {
    const env = { VAULT_ADDR: "", VAULT_TOKEN: "t", VAULT_SKIP_VERIFY: "perhaps" };
    expect(parseVaultSettings(undefined, env)).toEqual({
      value: VAULT_DISABLED,
      problems: [],
      warnings: [],
    });
  });

  test("VAULT_TOKEN has precedence over AppRole, AppRole over the file", () => {
    const approle = { VAULT_ROLE_ID: "role", VAULT_SECRET_ID: "secret" };
    const method = (env: Readonly<Record<string, string>>): string =>
      vaultSettings({ VAULT_ADDR: ADDRESS, ...env }).auth.method;
    expect(method({ ...approle, VAULT_TOKEN: "token" })).toBe("token");
    expect(method(approle)).toBe("approle");
    expect(method({ VAULT_ROLE_ID: "role" })).toBe("token");
    expect(settingsFindings(undefined, { VAULT_ADDR: ADDRESS, VAULT_ROLE_ID: "role" })).toEqual([
      "VAULT_ROLE_ID: is ignored: VAULT_SECRET_ID is not set",
    ]);
  });

  test("those of the vault command are read, and override the section", () => {
    const env = {
      VAULT_ADDR: "unix:///run/vault.sock",
      VAULT_NAMESPACE: "team",
      VAULT_CACERT: "/ca",
      VAULT_CACERT_BYTES: "pem",
      VAULT_CAPATH: "/cas",
      VAULT_CLIENT_CERT: "/cert",
      VAULT_CLIENT_KEY: "/key",
      VAULT_TLS_SERVER_NAME: "name",
      VAULT_CLIENT_TIMEOUT: "7",
      VAULT_MAX_RETRIES: "0",
    };
    const section = {
      address: ADDRESS,
      namespace: "other",
      tls: { ca: "/other", serverName: "other" },
      timeout: "1m",
      retries: 5,
      refresh: "1h",
    };
    expect(vaultSettings(env, section)).toMatchObject({
      address: "unix:///run/vault.sock",
      namespace: "team",
      tls: {
        ca: "/ca",
        caPem: "pem",
        caPath: "/cas",
        cert: "/cert",
        key: "/key",
        serverName: "name",
      },
      timeoutMs: 7000,
      retries: 0,
      refreshMs: 3_600_000,
    });
    expect(vaultSettings({}, section)).toMatchObject({
      address: ADDRESS,
      namespace: "other",
      tls: { ca: "/other" },
      timeoutMs: 60_000,
      retries: 5,
    });
  });

  test.for([
    ["1", true],
    ["true", true],
    ["T", true],
    ["0", false],
    ["false", false],
    ["", false],
  ] as const)("VAULT_SKIP_VERIFY=%s is %s", ([text, skipVerify]) => {
    const env = { VAULT_ADDR: ADDRESS, VAULT_SKIP_VERIFY: text };
    expect(vaultSettings(env).tls.skipVerify).toBe(skipVerify);
    expect(settingsFindings(undefined, env)).toEqual(
      skipVerify
        ? [
            "vault: the TLS certificate is not verified: an attacker on the network can read the secrets",
          ]
        : [],
    );
  });

  test.for([
    ["VAULT_ADDR", "vault:8200", 'must be a URL like "https://vault:8200", without credentials'],
    [
      "VAULT_ADDR",
      "https://u:canary@v",
      'must be a URL like "https://vault:8200", without credentials',
    ],
    ["VAULT_SKIP_VERIFY", "yes", "must be true or false"],
    ["VAULT_CLIENT_TIMEOUT", "soon", '"soon": must be seconds, or a duration like "30s"'],
    ["VAULT_CLIENT_TIMEOUT", "0", '"0": must be seconds, or a duration like "30s"'],
    ["VAULT_MAX_RETRIES", "-1", '"-1": must be an integer from 0 to 10'],
    ["VAULT_MAX_RETRIES", "many", '"many": must be an integer from 0 to 10'],
  ] as const)("%s=%s is rejected", ([name, value, message]) => {
    expect(settingsFindings(undefined, { VAULT_ADDR: ADDRESS, [name]: value })).toEqual([
      `${name}: ${message}`,
    ]);
  });
});

describe("the section", () => {
  test.for([
    [[], ["vault: must be a mapping"]],
    [{ address: 8200 }, ["vault.address: must be text: put it in quotes"]],
    [
      { address: "vault" },
      ['vault.address: must be a URL like "https://vault:8200", without credentials'],
    ],
    [
      { addr: ADDRESS },
      [
        "vault.addr: unknown key; known keys: address, namespace, auth, tls, timeout, retries, refresh",
      ],
    ],
    [{ address: ADDRESS, tls: true }, ["vault.tls: must be a mapping"]],
    [
      { address: ADDRESS, tls: { cacert: "/ca" } },
      ["vault.tls.cacert: unknown key; known keys: ca, caPath, cert, key, serverName, skipVerify"],
    ],
    [
      { address: ADDRESS, tls: { cert: "/c", skipVerify: "no" } },
      [
        "vault.tls.skipVerify: must be true or false",
        "vault.tls: cert and key (VAULT_CLIENT_CERT and VAULT_CLIENT_KEY) belong together",
      ],
    ],
    [
      { address: ADDRESS, timeout: 10, retries: 11, refresh: "0s" },
      [
        'vault.timeout: 10: must be a duration with its unit, like "10s"',
        "vault.retries: 11: must be an integer from 0 to 10",
        'vault.refresh: "0s": must be a duration with its unit, like "10s"',
      ],
    ],
  ] as const)("%o is rejected", ([section, lines]) => {
    expect(settingsFindings(section)).toEqual(lines);
  });

  test("without an address is ignored with a warning, and still checked", () => {
    expect(settingsFindings({ namespace: "team" })).toEqual([
      "vault: is ignored: set vault.address or VAULT_ADDR",
    ]);
    expect(settingsFindings({ retries: "many" })).toEqual([
      'vault.retries: "many": must be an integer from 0 to 10',
    ]);
  });
});
