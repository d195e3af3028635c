import { sameSettings } from "../core/secret.ts";
import type { Secret, SecretResolver } from "../core/secret.ts";
import { disabledResolver, VAULT_SCHEME } from "./reference.ts";
import { VAULT_DISABLED } from "./settings.ts";
import type { VaultSettings, VaultUse } from "./settings.ts";
import { initialState } from "./state.ts";
import type { VaultState } from "./state.ts";
import type { Vault, VaultOptions } from "./vault.ts";

/** Resolves secrets in Vault, with settings that may change at any time. */
export class ReloadableVaultResolver implements SecretResolver {
  readonly scheme = VAULT_SCHEME.scheme;
  readonly keys = VAULT_SCHEME.keys ?? [];
  readonly check = VAULT_SCHEME.check;
  readonly #options: VaultOptions;
  #use: VaultUse = VAULT_DISABLED;
  #resolver = disabledResolver(VAULT_DISABLED.disabledReason);
  #vault: Vault | undefined;
  /** Resolves when all clients of earlier settings have stopped. */
  #previousStopped: Promise<unknown> = Promise.resolve();

  constructor(options: VaultOptions) {
    this.#options = options;
  }

  /** The entries for `VAULT_METRICS`: one while Vault is used, else none. */
  get states(): readonly VaultState[] {
    return this.#vault ? [this.#vault.state] : [];
  }

  /** Applies settings at once. Does nothing if they are unchanged. */
  configure(use: VaultUse): void {
    if (sameSettings(use, this.#use)) return;
    const previous = this.#vault;
    this.#use = use;
    this.#previousStopped = Promise.all([this.#previousStopped, previous?.stop()]);
    if ("disabledReason" in use) {
      this.#vault = undefined;
      this.#resolver = disabledResolver(use.disabledReason);
    } else {
      this.#vault = lateVault(use, this.#options, initialState(previous?.state));
      this.#resolver = this.#vault.resolver;
    }
  }

  async resolve(reference: unknown, signal: AbortSignal, notBefore?: number): Promise<Secret> {
    const resolver = this.#resolver;
    try {
      return await resolver.resolve(reference, signal, notBefore);
    } catch (error) {
      if (resolver === this.#resolver) throw error;
      // `configure` was called meanwhile, which aborted this read.
      return this.#resolver.resolve(reference, signal, notBefore);
    }
  }

  /** As `Vault.stop`. */
  async stop(): Promise<void> {
    await Promise.all([this.#previousStopped, this.#vault?.stop()]);
  }
}

/** Loads the client with the first secret: most agents use no Vault. */
function lateVault(settings: VaultSettings, options: VaultOptions, state: VaultState): Vault {
  let opened: Promise<Vault> | undefined;
  const open = (): Promise<Vault> =>
    (opened ??= import("./vault.ts").then(({ openVault }) => openVault(settings, options, state)));
  return {
    resolver: {
      ...VAULT_SCHEME,
      resolve: async (...call) => (await open()).resolver.resolve(...call),
    },
    state,
    stop: async () => (await open()).stop(),
  };
}
