import type { SecretResolver } from "../core/secret.ts";
import { command } from "./command.ts";
import { environment } from "./environment.ts";
import { file } from "./file.ts";
import { literal } from "./literal.ts";

/** All ways to get a secret that need no set-up: one line each. */
const RESOLVERS = [literal, file, environment, command];

/** Those, and others that somebody brings. */
export function schemesWith(
  others: readonly SecretResolver[],
): ReadonlyMap<string, SecretResolver> {
  return new Map([...RESOLVERS, ...others].map((resolver) => [resolver.scheme, resolver]));
}

export const SCHEMES: ReadonlyMap<string, SecretResolver> = schemesWith([]);
