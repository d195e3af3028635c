import { describe, expect, test } from "vitest";

import { parseVaultSettings } from "../../instrumentation/vault/settings.ts";
import { vaultSettings } from "../support/vault/fake-vault.ts";

const ADDRESS = "https://vault.example:8200";
const HOME = { HOME: "/home/user" };

/** Problems and warnings as lines. */
function said(section: unknown, env: Readonly<Record<string, string>> = {}): readonly string[] {
  const parsed = parseVaultSettings(section, env);
  const found = "problems" in parsed ? parsed.problems : parsed.warnings;
  return found.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("ways to log in", () => {
  const auth = (section: unknown, env: Readonly<Record<string, string>> = {}): unknown => {
    const value = vaultSettings({ ...HOME, ...env }, { address: ADDRESS, auth: section });
    return JSON.parse(JSON.stringify(value.auth));
  };

  test("a token in a file", () => {
    const token = { file: "~/sink" };
    expect(auth({ method: "token", token })).toEqual({
      method: "token",
      token: { file: "/home/user/sink" },
    });
  });

  test("AppRole", () => {
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
      secretId: { name: "the variable SECRET_ID", secret: "[redacted]" },
      wrapped: true,
    });
  });

  test("Kubernetes, with the token of the service account", () => {
    expect(auth({ method: "kubernetes", role: "monitor" })).toEqual({
      method: "kubernetes",
      mount: "kubernetes",
      role: "monitor",
      jwt: { file: "/var/run/secrets/kubernetes.io/serviceaccount/token" },
    });
  });

  test("JWT, certificate, none", () => {
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

  test("win over variables, with a warning", () => {
    const env = { VAULT_TOKEN: "t", VAULT_ROLE_ID: "r" };
    expect(said({ address: ADDRESS, auth: { method: "none" } }, env)).toEqual([
      "VAULT_TOKEN: is not used, vault.auth wins",
      "VAULT_ROLE_ID: is not used, vault.auth wins",
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
      "vault.auth.role: unknown key for the method token; known are token",
    ],
    [
      { method: "none", token: "t" },
      "vault.auth.token: unknown key for the method none; there are none",
    ],
    [{ method: "approle", secretId: "s" }, "vault.auth: roleId is missing"],
    [
      { method: "approle", roleId: "r", wrapped: true },
      "vault.auth: secretId is missing: the wrapping token",
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
      "vault.auth.mount: must have no empty part, no . and no .. between its slashes",
    ],
    [
      { method: "cert" },
      "vault.auth.method: cert needs the certificate and key of tls, or VAULT_CLIENT_CERT",
    ],
  ] as const)("%o is refused", ([section, message]) => {
    expect(said({ address: ADDRESS, auth: section })[0]).toBe(message);
  });
});
