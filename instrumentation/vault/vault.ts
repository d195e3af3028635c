import type { Clock } from "../core/clock.ts";
import { AgentError } from "../core/error.ts";
import type { Logger } from "../core/log.ts";
import type { Secret, SecretResolver } from "../core/secret.ts";
import { openClient } from "./client.ts";
import type { ClientOptions } from "./client.ts";
import { KvReader } from "./kv.ts";
import { Login } from "./login.ts";
import { vaultResolver } from "./resolver.ts";
import type { VaultSettings } from "./settings.ts";
import { initialState } from "./state.ts";
import type { VaultState } from "./state.ts";
import { VaultToken } from "./token.ts";

export interface VaultOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Variables for the proxy: `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`. Default: the process environment. */
  readonly proxyEnvironment?: Readonly<Record<string, string | undefined>>;
  /** Called with each secret of the login. */
  readonly onSecret?: ((name: string, secret: Secret) => void) | undefined;
  /** Imports node-vault. Tests replace it to simulate a missing package. */
  readonly load?: ClientOptions["load"];
}

export interface Vault {
  /** Resolves the scheme `vault`. */
  readonly resolver: SecretResolver;
  readonly state: Readonly<VaultState>;
  /** Aborts reads, ends renewals and revokes a token that came from a login. Takes up to 2 s. Never rejects. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Connects and logs in when the first secret is resolved.
 * @param state is updated
 */
export function openVault(
  settings: VaultSettings,
  options: VaultOptions,
  state: VaultState = initialState(),
): Vault {
  const { clock, logger, proxyEnvironment = process.env, onSecret, load } = options;
  const client = openClient(settings, { clock, proxyEnvironment, onSecret, state, load });
  const login = new Login(settings.auth, client);
  const token = new VaultToken({ client, login, clock, logger, state });
  const kv = new KvReader(client);
  const stopping = new AbortController();
  return {
    resolver: vaultResolver({ kv, token, clock, state, signal: stopping.signal }),
    state,
    async stop() {
      const reason = new AgentError("secret", "Vault is no longer used: the agent is stopping");
      stopping.abort(reason);
      await token.stop(reason);
    },
  };
}
