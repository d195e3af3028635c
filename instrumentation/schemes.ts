import type { SecretResolver } from "./core/secret.ts";
import { command } from "./secrets/command.ts";
import { environment } from "./secrets/environment.ts";
import { file } from "./secrets/file.ts";
import { literal } from "./secrets/literal.ts";
import { withoutVault } from "./vault/reference.ts";

/** All ways to get a secret that need no set-up: one line each. */
const RESOLVERS: readonly SecretResolver[] = [literal, file, environment, command];

/** Every way to a secret by its key in the settings: those that need no set-up, Vault until somebody opens it, and others that somebody brings. */
export function schemesWith(
  others: readonly SecretResolver[],
): ReadonlyMap<string, SecretResolver> {
  const all = [...RESOLVERS, withoutVault("Vault is not used"), ...others];
  return new Map(all.map((resolver) => [resolver.scheme, resolver]));
}
