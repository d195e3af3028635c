import type { SecretResolver } from "./core/secret.ts";
import { SCHEMES } from "./secrets/schemes.ts";
import { withoutVault } from "./vault/reference.ts";

/** Every way to a secret by its key in the settings: those that need no set-up, Vault until somebody opens it, and others that somebody brings. */
export function schemesWith(
  others: readonly SecretResolver[],
): ReadonlyMap<string, SecretResolver> {
  const further = [withoutVault("Vault is not used"), ...others];
  return new Map([...SCHEMES, ...further.map((resolver) => [resolver.scheme, resolver] as const)]);
}
