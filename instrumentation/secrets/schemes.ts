import type { SecretResolver } from "../core/secret.ts";
import { command } from "./command.ts";
import { environment } from "./environment.ts";
import { file } from "./file.ts";
import { literal } from "./literal.ts";

/** All ways to get a secret that need no set-up: one line each. */
const RESOLVERS: readonly SecretResolver[] = [literal, file, environment, command];

export const SCHEMES: ReadonlyMap<string, SecretResolver> = new Map(
  RESOLVERS.map((resolver) => [resolver.scheme, resolver]),
);
