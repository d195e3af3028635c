import type { SecretResolver } from "../core/secret.ts";
import { command } from "./command.ts";
import { environment } from "./environment.ts";
import { file } from "./file.ts";
import { literal } from "./literal.ts";
import { withoutVault } from "../vault/reference.ts";

/** All ways to get a secret that need no set-up: one line each. */
const RESOLVERS: readonly SecretResolver[] = [literal, file, environment, command];

/** Every way to a secret by its key in the settings: those that need no set-up, Vault until somebody opens it, and others that somebody brings. */
export function resolversWith(
  others: readonly SecretResolver[],
): ReadonlyMap<string, SecretResolver> {
  const all = [...RESOLVERS, withoutVault("Vault is not used"), ...others];
  return new Map(all.map((resolver) => [resolver.scheme, resolver]));
}
