import { readFile } from "node:fs/promises";

import { AgentError } from "../core/error.ts";
import { Secret } from "../core/secret.ts";
import type { GivenSecret, VaultAuth } from "./auth-settings.ts";
import type { Call, VaultClient } from "./client.ts";
import { isJsonObject, member } from "../core/json.ts";
import type { JsonObject } from "../core/json.ts";
import { encodePath } from "../core/encode-path.ts";
import { Refusal } from "./refusal.ts";

/** What a login gives. */
export interface Grant {
  /** Undefined if somebody else adds it. */
  readonly token: Secret | undefined;
  /** Seconds from now; undefined for one that never expires, and if Vault does not tell. */
  readonly ttlSeconds: number | undefined;
  readonly renewable: boolean;
  /** It was made for this agent: another login gives another one, and nobody else needs it. */
  readonly own: boolean;
}

type Method<Name extends VaultAuth["method"]> = Extract<VaultAuth, { readonly method: Name }>;

const CHOICES =
  "set VAULT_TOKEN, or VAULT_ROLE_ID and VAULT_SECRET_ID, or vault.auth in the settings, or run vault login";

/** One way to log in, as the settings describe it. */
export class Login {
  readonly #auth: VaultAuth;
  readonly #client: VaultClient;
  /** A wrapping token is good for once: what was in it is kept, in memory only. */
  #unwrapped: { readonly wrapping: Secret; readonly secretId: Secret } | undefined;

  constructor(auth: VaultAuth, client: VaultClient) {
    this.#auth = auth;
    this.#client = client;
  }

  /** Another login may give another token. */
  get isRepeatable(): boolean {
    return this.#auth.method !== "token" && this.#auth.method !== "none";
  }

  /** The token that somebody gives us, as it is now; undefined if tokens come from logins. @throws AgentError `secret` */
  async givenToken(): Promise<Secret | undefined> {
    if (this.#auth.method !== "token") return undefined;
    const { token, unset } = this.#auth;
    if (unset !== true) return reveal(token, "the Vault token");
    return reveal(token, "the Vault token").catch((cause: unknown) => {
      throw new AgentError("secret", `there is no way to log in to Vault: ${CHOICES}`, { cause });
    });
  }

  /** @throws AgentError `secret` that names the method and its mount */
  async run(signal: AbortSignal): Promise<Grant> {
    switch (this.#auth.method) {
      case "none":
        return { token: undefined, ttlSeconds: undefined, renewable: false, own: false };
      case "token":
        return this.#lookUp(signal);
      case "approle":
        return this.#appRole(this.#auth, signal);
      case "kubernetes":
      case "jwt":
        return this.#jwt(this.#auth, signal);
      case "cert": {
        const { mount, role } = this.#auth;
        return this.#write("cert", mount, { ...(role !== undefined && { name: role }) }, signal);
      }
    }
  }

  /** A token that may not look itself up may still read secrets. */
  async #lookUp(signal: AbortSignal): Promise<Grant> {
    const token = await this.givenToken();
    try {
      const { data } = await this.#client.read("auth/token/lookup-self", { token, signal });
      const { ttl, renewable } = isJsonObject(data) ? data : {};
      return { token, ttlSeconds: positive(ttl), renewable: renewable === true, own: false };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { token, ttlSeconds: undefined, renewable: false, own: false };
    }
  }

  async #appRole(auth: Method<"approle">, signal: AbortSignal): Promise<Grant> {
    const { mount, roleId, secretId, wrapped } = auth;
    const id = secretId && (await reveal(secretId, "the secret id for Vault"));
    const opened = id && wrapped ? await this.#unwrap(id, signal) : id;
    const data = {
      role_id: await reveal(roleId, "the role id for Vault"),
      ...(opened && { secret_id: opened }),
    };
    return this.#write("approle", mount, data, signal);
  }

  async #jwt(
    { method, mount, role, jwt }: Method<"jwt" | "kubernetes">,
    signal: AbortSignal,
  ): Promise<Grant> {
    const data = {
      jwt: await reveal(jwt, "the JWT for Vault"),
      ...(role !== undefined && { role }),
    };
    return this.#write(method, mount, data, signal);
  }

  async #unwrap(wrapping: Secret, signal: AbortSignal): Promise<Secret> {
    if (this.#unwrapped?.wrapping.equals(wrapping)) return this.#unwrapped.secretId;
    const call: Call = { token: wrapping, signal };
    const answer = await this.#client.write("sys/wrapping/unwrap", {}, call).catch((error) => {
      if (!(error instanceof Refusal)) throw error;
      const message = `the wrapped secret id for Vault cannot be unwrapped (${error.status}): it has expired, or somebody else has used it; give a new one`;
      throw new AgentError("secret", message);
    });
    const { secret_id: secretId } = member(answer, "data");
    if (typeof secretId !== "string" || secretId === "")
      throw new AgentError("secret", "what the wrapping token for Vault holds is no secret id");
    this.#unwrapped = { wrapping, secretId: new Secret(secretId) };
    return this.#unwrapped.secretId;
  }

  async #write(
    method: string,
    mount: string,
    data: JsonObject,
    signal: AbortSignal,
  ): Promise<Grant> {
    const path = `auth/${encodePath(mount)}/login`;
    const what = `the login to Vault with ${method} at auth/${mount}`;
    const call: Call = { token: undefined, signal };
    const answer = await this.#client.write(path, data, call).catch((error: unknown) => {
      if (!(error instanceof Refusal)) throw error;
      throw new AgentError("secret", `${what} is refused: ${error.message}`);
    });
    const { client_token: token, lease_duration: ttl, renewable } = member(answer, "auth");
    if (typeof token !== "string" || token === "")
      throw new AgentError("secret", `${what} gives no token`);
    const ttlSeconds = positive(ttl);
    return { token: new Secret(token), ttlSeconds, renewable: renewable === true, own: true };
  }
}

/** Of seconds; 0 is for ever. */
export function positive(value: unknown): number | undefined {
  return typeof value === "number" && value > 0 ? value : undefined;
}

async function reveal(given: GivenSecret, what: string): Promise<Secret> {
  if ("secret" in given) {
    if (given.secret) return given.secret;
    throw new AgentError("secret", `${what} is missing: ${given.name} is not set`);
  }
  const content = await readFile(given.file, "utf8").catch((cause: unknown) => {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const reason = code === "ENOENT" ? "is not there" : `cannot be read (${code})`;
    throw new AgentError("secret", `${what} is missing: the file ${given.file} ${reason}`, {
      cause,
    });
  });
  if (content.trim() === "")
    throw new AgentError("secret", `${what} is missing: the file ${given.file} is empty`);
  return new Secret(content.trim());
}
