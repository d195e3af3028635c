import type { Clock } from "../core/clock.ts";
import { AgentError } from "../core/error.ts";
import type { Logger } from "../core/log.ts";
import type { SecretResolver } from "../core/secret.ts";
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
  /** `HTTP_PROXY` and its kin. Default: the environment of the process. */
  readonly proxyEnvironment?: Readonly<Record<string, string | undefined>>;
  /** What an earlier one has counted. */
  readonly before?: Readonly<VaultState> | undefined;
  /** Loads node-vault; for tests of what happens without it. */
  readonly load?: ClientOptions["load"];
}

export interface Vault {
  /** The scheme `vault`. */
  readonly resolver: SecretResolver;
  /** What `VAULT_METRICS` are about. */
  readonly state: Readonly<VaultState>;
  /** Ends reads and renewals, and revokes a token that came from a login. Takes up to 2 s, never rejects, may be called twice. */
  stop(): Promise<void>;
}

/** Connects and logs in when the first secret is asked for, not before. */
export function openVault(settings: VaultSettings, options: VaultOptions): Vault {
  const { clock, logger, proxyEnvironment = process.env, load } = options;
  const state = initialState(options.before);
  const client = openClient(settings, { clock, proxyEnvironment, state, ...(load && { load }) });
  const login = new Login(settings.auth, client);
  const token = new VaultToken({ client, login, clock, logger, state });
  const ending = new AbortController();
  return {
    resolver: vaultResolver({
      kv: new KvReader(client),
      token,
      clock,
      state,
      signal: ending.signal,
    }),
    state,
    async stop() {
      ending.abort(new AgentError("secret", "Vault is no longer used: the agent stops"));
      await token.stop();
    },
  };
}
