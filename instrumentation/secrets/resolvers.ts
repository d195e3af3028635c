import type { SecretResolver } from "../core/secret.ts";
import { command } from "./command.ts";
import { environment } from "./environment.ts";
import { file } from "./file.ts";
import { literal } from "./literal.ts";

/** The resolvers that need no set-up: one line each. */
const RESOLVERS: readonly SecretResolver[] = [literal, file, environment, command];

/** All resolvers by their scheme: those that need no set-up, and others. */
export function resolversWith(
  others: readonly SecretResolver[],
): ReadonlyMap<string, SecretResolver> {
  const all = [...RESOLVERS, ...others];
  return new Map(all.map((resolver) => [resolver.scheme, resolver]));
}
