import type { Secret, SecretResolver } from "../core/secret.ts";
import { checkVaultReference, FURTHER_KEYS, withoutVault } from "./reference.ts";
import { VAULT_DISABLED, sameVault } from "./settings.ts";
import type { VaultUse } from "./settings.ts";
import type { VaultState } from "./state.ts";
import { openVault } from "./vault.ts";
import type { Vault, VaultOptions } from "./vault.ts";

/** The scheme `vault` for somebody whose settings may change while secrets are held. */
export class VaultScheme implements SecretResolver {
  readonly scheme = "vault";
  readonly keys = FURTHER_KEYS;
  readonly #options: VaultOptions;
  #use: VaultUse = VAULT_DISABLED;
  #resolver = withoutVault(VAULT_DISABLED.disabledReason);
  #vault: Vault | undefined;
  /** Those that were in use, until they have ended. */
  #former: Promise<unknown> = Promise.resolve();

  constructor(options: VaultOptions) {
    this.#options = options;
  }

  /** What `VAULT_METRICS` are about: one while Vault is used, else none. */
  get states(): readonly VaultState[] {
    return this.#vault ? [this.#vault.state] : [];
  }

  /** From now on it is used like this. The same again changes nothing. */
  configure(use: VaultUse): void {
    if (sameVault(use, this.#use)) return;
    const before = this.#vault;
    this.#use = use;
    this.#former = Promise.all([this.#former, before?.stop()]);
    if ("disabledReason" in use) {
      this.#vault = undefined;
      this.#resolver = withoutVault(use.disabledReason);
    } else {
      this.#vault = openVault(use, { ...this.#options, before: before?.state });
      this.#resolver = this.#vault.resolver;
    }
  }

  check(reference: unknown): string | undefined {
    return checkVaultReference(reference);
  }

  async resolve(reference: unknown, signal: AbortSignal, notBefore?: number): Promise<Secret> {
    const resolver = this.#resolver;
    try {
      return await resolver.resolve(reference, signal, notBefore);
    } catch (error) {
      if (resolver === this.#resolver) throw error;
      // The settings were changed in the meantime.
      return this.#resolver.resolve(reference, signal, notBefore);
    }
  }

  /** As `stop` of what is used. */
  async stop(): Promise<void> {
    await Promise.all([this.#former, this.#vault?.stop()]);
  }
}
