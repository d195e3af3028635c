import { AgentError, toAgentError } from "../core/error.ts";
import { Secret } from "../core/secret.ts";
import { secretInFile } from "../secrets/file.ts";
import type { LoginSecret, VaultAuth } from "./auth-settings.ts";
import type { Call, VaultClient } from "./client.ts";
import { isJsonObject, member } from "../core/json.ts";
import type { JsonObject } from "../core/json.ts";
import { encodePath } from "../http/url-path.ts";
import { Refusal } from "./refusal.ts";

/** The token that a login returned, or the configured token. */
export interface LoginResult {
  /** Undefined for the method `none`. */
  readonly token: Secret | undefined;
  /** Remaining lifetime, seconds; undefined if the token never expires or its lifetime is unknown. */
  readonly ttlSeconds: number | undefined;
  readonly renewable: boolean;
  /** True: a login created the token for this process alone, so it may be replaced and revoked. False: it was configured. */
  readonly isFromLogin: boolean;
}

type Method<Name extends VaultAuth["method"]> = Extract<VaultAuth, { readonly method: Name }>;

/** A token that is not from a login, of which no more is known. */
const CONFIGURED = { ttlSeconds: undefined, renewable: false, isFromLogin: false };

const CHOICES =
  "set VAULT_TOKEN, or VAULT_ROLE_ID and VAULT_SECRET_ID, or vault.auth in the settings, or run vault login";

/** Logs in with the configured method. */
export class Login {
  readonly #auth: VaultAuth;
  readonly #client: VaultClient;
  /** A wrapping token can be used once, so the unwrapped secret id is kept in memory. */
  #unwrapped: { readonly wrappingToken: Secret; readonly secretId: Secret } | undefined;

  constructor(auth: VaultAuth, client: VaultClient) {
    this.#auth = auth;
    this.#client = client;
  }

  /** True if `run` sends a login request, which returns a new token each time. */
  get createsTokens(): boolean {
    return this.#auth.method !== "token" && this.#auth.method !== "none";
  }

  /** The configured token, its file read now; undefined for all other methods. @throws AgentError `secret` */
  async configuredToken(): Promise<Secret | undefined> {
    if (this.#auth.method !== "token") return undefined;
    const { token, isDefault } = this.#auth;
    if (isDefault !== true) return readLoginSecret(token, "the Vault token");
    return readLoginSecret(token, "the Vault token").catch((cause: unknown) => {
      throw new AgentError("secret", `no login to Vault is configured: ${CHOICES}`, { cause });
    });
  }

  /** @throws AgentError `secret` that names the method and its mount */
  async run(signal: AbortSignal): Promise<LoginResult> {
    switch (this.#auth.method) {
      case "none":
        return { ...CONFIGURED, token: undefined };
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

  /** A policy may forbid `lookup-self` and still allow reading secrets: such a token has an unknown lifetime. */
  async #lookUp(signal: AbortSignal): Promise<LoginResult> {
    const token = await this.configuredToken();
    try {
      const { data } = await this.#client.read("auth/token/lookup-self", { token, signal });
      const { ttl, renewable } = isJsonObject(data) ? data : {};
      return { ...CONFIGURED, token, ttlSeconds: finiteTtl(ttl), renewable: renewable === true };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { ...CONFIGURED, token };
    }
  }

  async #appRole(auth: Method<"approle">, signal: AbortSignal): Promise<LoginResult> {
    const { mount, roleId, secretId, wrapped } = auth;
    const configured = secretId && (await readLoginSecret(secretId, "the secret id for Vault"));
    const id = configured && wrapped ? await this.#unwrap(configured, signal) : configured;
    const data = {
      role_id: await readLoginSecret(roleId, "the role id for Vault"),
      ...(id && { secret_id: id }),
    };
    return this.#write("approle", mount, data, signal);
  }

  async #jwt(
    { method, mount, role, jwt }: Method<"jwt" | "kubernetes">,
    signal: AbortSignal,
  ): Promise<LoginResult> {
    const data = {
      jwt: await readLoginSecret(jwt, "the JWT for Vault"),
      ...(role !== undefined && { role }),
    };
    return this.#write(method, mount, data, signal);
  }

  async #unwrap(wrappingToken: Secret, signal: AbortSignal): Promise<Secret> {
    if (this.#unwrapped?.wrappingToken.equals(wrappingToken)) return this.#unwrapped.secretId;
    const call: Call = { token: wrappingToken, signal };
    const answer = await this.#client.write("sys/wrapping/unwrap", {}, call).catch((error) => {
      if (!(error instanceof Refusal)) throw error;
      const message = `the wrapped secret id for Vault cannot be unwrapped (${error.status}): it expired or was unwrapped before; supply a new one`;
      throw new AgentError("secret", message);
    });
    const { secret_id: secretId } = member(answer, "data");
    if (typeof secretId !== "string" || secretId === "")
      throw new AgentError("secret", "the wrapping token for Vault contains no secret id");
    this.#unwrapped = { wrappingToken, secretId: new Secret(secretId) };
    return this.#unwrapped.secretId;
  }

  async #write(
    method: string,
    mount: string,
    data: JsonObject,
    signal: AbortSignal,
  ): Promise<LoginResult> {
    const path = `auth/${encodePath(mount)}/login`;
    const login = `the login to Vault with ${method} at auth/${mount}`;
    const call: Call = { token: undefined, signal };
    const answer = await this.#client.write(path, data, call).catch((error: unknown) => {
      if (!(error instanceof Refusal)) throw error;
      throw new AgentError("secret", `${login} is refused: ${error.message}`);
    });
    const { client_token: token, lease_duration: ttl, renewable } = member(answer, "auth");
    if (typeof token !== "string" || token === "")
      throw new AgentError("secret", `${login} returned no token`);
    return {
      token: new Secret(token),
      ttlSeconds: finiteTtl(ttl),
      renewable: renewable === true,
      isFromLogin: true,
    };
  }
}

/** A lifetime in seconds from a response; undefined for 0, which means that the token never expires. */
export function finiteTtl(value: unknown): number | undefined {
  return typeof value === "number" && value > 0 ? value : undefined;
}

/** @param name what the secret is, for messages */
async function readLoginSecret(source: LoginSecret, name: string): Promise<Secret> {
  if ("secret" in source) {
    if (source.secret) return source.secret;
    throw new AgentError("secret", `${name} is missing: ${source.name} is not set`);
  }
  return secretInFile(source.file).catch((cause: unknown) => {
    const { message } = toAgentError(cause);
    throw new AgentError("secret", `${name} is missing: ${message}`, { cause });
  });
}
