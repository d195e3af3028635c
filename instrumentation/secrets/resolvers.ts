import type { SecretResolver } from "../core/secret.ts";
import { command } from "./command.ts";
import { environment } from "./environment.ts";
import { file } from "./file.ts";
import { literal } from "./literal.ts";

/** The resolvers without settings of their own. */
const RESOLVERS: readonly SecretResolver[] = [literal, file, environment, command];

/** These resolvers and `others`, by scheme. */
export function resolversWith(
  others: readonly SecretResolver[],
): ReadonlyMap<string, SecretResolver> {
  const all = [...RESOLVERS, ...others];
  return new Map(all.map((resolver) => [resolver.scheme, resolver]));
}
