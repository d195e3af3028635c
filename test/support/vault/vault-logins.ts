import { generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { json } from "node:stream/consumers";

import { listeningPort } from "../core/listening-port.ts";
import type { VaultServer } from "./vault.ts";

const CA = join(import.meta.dirname, "../../fixtures/tls/ca.pem");

/** Lifetimes, policies and type of the tokens of a role. */
export interface RoleSettings {
  readonly token_policies: readonly string[];
  readonly token_ttl?: string;
  readonly token_max_ttl?: string;
  readonly token_type?: "batch" | "service";
}

/** Role id and a new secret id of a role at auth/approle. */
export async function approleIds(
  vault: VaultServer,
  role: string,
): Promise<{ readonly roleId: string; readonly secretId: string }> {
  const at = `auth/approle/role/${role}`;
  const { data: id } = await vault.admin("GET", `${at}/role-id`);
  const { data: secret } = await vault.admin("POST", `${at}/secret-id`, {});
  return {
    roleId: (id as { readonly role_id: string }).role_id,
    secretId: (secret as { readonly secret_id: string }).secret_id,
  };
}

/** Creates a wrapped secret id; returns the wrapping token. */
export async function wrappedSecretId(vault: VaultServer, role: string): Promise<string> {
  const answer = await fetch(`${vault.url}/v1/auth/approle/role/${role}/secret-id`, {
    method: "POST",
    headers: { "x-vault-token": vault.rootToken, "x-vault-wrap-ttl": "60s" },
  });
  const { wrap_info: info }: { readonly wrap_info: { readonly token: string } } = JSON.parse(
    await answer.text(),
  );
  return info.token;
}

/** Enables auth/jwt with a role `monitor`; returns a function that signs a JWT for a subject. */
export async function jwtIssuer(
  vault: VaultServer,
  settings: RoleSettings,
): Promise<(subject: string) => string> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  await vault.admin("POST", "sys/auth/jwt", { type: "jwt" });
  await vault.admin("POST", "auth/jwt/config", { jwt_validation_pubkeys: [publicKey] });
  await vault.admin("POST", "auth/jwt/role/monitor", {
    role_type: "jwt",
    bound_audiences: ["vault"],
    user_claim: "sub",
    ...settings,
  });
  return (subject) => signed({ sub: subject, aud: "vault" }, privateKey);
}

function signed(claims: object, privateKey: string): string {
  const now = Math.floor(Date.now() / 1000);
  const payload = { iat: now, nbf: now - 10, exp: now + 600, ...claims };
  const text = [{ alg: "RS256", typ: "JWT" }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return `${text}.${sign("RSA-SHA256", Buffer.from(text), privateKey).toString("base64url")}`;
}

/** Enables auth/kubernetes with a role `monitor`, and starts an HTTP server in place of the Kubernetes API that accepts one token in TokenReview requests. */
export async function kubernetes(
  vault: VaultServer,
  settings: RoleSettings,
): Promise<{ readonly jwt: string; stop(): Promise<void> }> {
  const account = { name: "monitor", uid: "11111111-1111-1111-1111-111111111111" };
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const username = `system:serviceaccount:backup:${account.name}`;
  const jwt = signed(
    {
      iss: "kubernetes/serviceaccount",
      sub: username,
      "kubernetes.io": { namespace: "backup", serviceaccount: account },
    },
    privateKey,
  );
  const server = createServer((request, response) => {
    void json(request).then((review) => {
      const { spec } = review as { readonly spec: { readonly token: string } };
      const user = { username, uid: account.uid, groups: ["system:serviceaccounts"] };
      const status = spec.token === jwt ? { authenticated: true, user } : { authenticated: false };
      const answer = { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", status };
      response.writeHead(201, { "content-type": "application/json" }).end(JSON.stringify(answer));
    });
  });
  server.listen({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  await vault.admin("POST", "sys/auth/kubernetes", { type: "kubernetes" });
  await vault.admin("POST", "auth/kubernetes/config", {
    kubernetes_host: `http://127.0.0.1:${listeningPort(server)}`,
    token_reviewer_jwt: jwt,
    disable_local_ca_jwt: true,
    // Required by Vault, but not used without TLS.
    kubernetes_ca_cert: await readFile(CA, "utf8"),
  });
  await vault.admin("POST", "auth/kubernetes/role/monitor", {
    bound_service_account_names: [account.name],
    bound_service_account_namespaces: ["backup"],
    ...settings,
  });
  return {
    jwt,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
