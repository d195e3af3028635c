import { describe, expect, test } from "vitest";

import { settingsFindings, vaultSettings } from "../support/vault/vault-client.ts";

const ADDRESS = "https://vault.example:8200";
const HOME = { HOME: "/home/user" };

describe("the setting auth", () => {
  const auth = (section: unknown, env: Readonly<Record<string, string>> = {}): unknown => {
    const value = vaultSettings({ ...HOME, ...env }, { address: ADDRESS, auth: section });
    return JSON.parse(JSON.stringify(value.auth));
  };

  test("accepts a token in a file below the home directory", () => {
    const token = { file: "~/sink" };
    expect(auth({ method: "token", token })).toEqual({
      method: "token",
      token: { file: "/home/user/sink" },
    });
  });

  test("accepts AppRole", () => {
    const section = {
      method: "approle",
      mount: "team/approle",
      roleId: "role",
      secretId: { env: "SECRET_ID" },
      wrapped: true,
    };
    expect(auth(section, { SECRET_ID: "s" })).toEqual({
      method: "approle",
      mount: "team/approle",
      roleId: { name: "vault.auth.roleId", secret: "[redacted]" },
      secretId: {
        name: "the variable SECRET_ID",
        secret: "[redacted]",
        variable: "SECRET_ID",
      },
      wrapped: true,
    });
  });

  test("accepts Kubernetes; the JWT is by default that of the service account", () => {
    expect(auth({ method: "kubernetes", role: "monitor" })).toEqual({
      method: "kubernetes",
      mount: "kubernetes",
      role: "monitor",
      jwt: { file: "/var/run/secrets/kubernetes.io/serviceaccount/token" },
    });
  });

  test("accepts JWT, certificate and none", () => {
    const jwt = { file: "/jwt" };
    expect(auth({ method: "jwt", jwt })).toEqual({ method: "jwt", mount: "jwt", jwt });
    const env = { VAULT_CLIENT_CERT: "/c", VAULT_CLIENT_KEY: "/k" };
    expect(auth({ method: "cert", role: "r" }, env)).toEqual({
      method: "cert",
      mount: "cert",
      role: "r",
    });
    expect(auth({ method: "none" })).toEqual({ method: "none" });
  });

  test("overrides the variables, with a warning", () => {
    const env = { VAULT_TOKEN: "t", VAULT_ROLE_ID: "r" };
    expect(settingsFindings({ address: ADDRESS, auth: { method: "none" } }, env)).toEqual([
      "VAULT_TOKEN: is ignored: vault.auth is set",
      "VAULT_ROLE_ID: is ignored: vault.auth is set",
    ]);
  });

  test.for([
    ["token", "vault.auth: must be a mapping with the key method"],
    [{}, "vault.auth.method: must be one of token, approle, kubernetes, jwt, cert, none"],
    [
      { method: "toString" },
      "vault.auth.method: must be one of token, approle, kubernetes, jwt, cert, none",
    ],
    [{ method: "token" }, "vault.auth: token is missing"],
    [{ method: "token", token: 1 }, "vault.auth.token: must be text, {file: path} or {env: NAME}"],
    [
      { method: "token", token: { file: "/a", env: "B" } },
      "vault.auth.token: must be text, {file: path} or {env: NAME}",
    ],
    [
      { method: "token", token: "t", role: "r" },
      "vault.auth.role: unknown key for the method token; known keys: token",
    ],
    [
      { method: "none", token: "t" },
      "vault.auth.token: unknown key for the method none; this method has no keys",
    ],
    [{ method: "approle", secretId: "s" }, "vault.auth: roleId is missing"],
    [
      { method: "approle", roleId: "r", wrapped: true },
      "vault.auth: secretId is missing: with wrapped: true it is the wrapping token",
    ],
    [
      { method: "approle", roleId: "r", secretId: "s", wrapped: "yes" },
      "vault.auth.wrapped: must be true or false",
    ],
    [{ method: "kubernetes" }, "vault.auth: role is missing"],
    [{ method: "kubernetes", role: 7 }, "vault.auth.role: must be text: put it in quotes"],
    [{ method: "jwt", role: "r" }, "vault.auth: jwt is missing"],
    [
      { method: "jwt", jwt: "j", mount: "../sys" },
      'vault.auth.mount: must not have an empty segment, "." or ".." between slashes',
    ],
    [
      { method: "cert" },
      "vault.auth.method: cert needs a client certificate: set tls.cert and tls.key, or VAULT_CLIENT_CERT and VAULT_CLIENT_KEY",
    ],
  ] as const)("rejects %o", ([section, message]) => {
    expect(settingsFindings({ address: ADDRESS, auth: section })[0]).toBe(message);
  });
});
