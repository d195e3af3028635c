import type { Problem } from "./problem.ts";
import type { SecretResolver } from "../core/secret.ts";
import type { RepositorySettings } from "./repository-settings.ts";
import { parseRepository } from "./repository.ts";

/** The valid entries of `repositories`, and the problems of the others. */
export interface ParsedRepositories {
  /** Includes disabled entries. */
  readonly value: readonly RepositorySettings[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/**
 * Checks all entries. No two enabled ones may be the same repository.
 * @param path of the list
 * @param customSchemes schemes of custom backends
 */
export function parseRepositories(
  list: readonly unknown[],
  path: readonly string[],
  resolvers: ReadonlyMap<string, SecretResolver>,
  customSchemes: readonly string[],
): ParsedRepositories {
  const value: RepositorySettings[] = [];
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const seen = new Map<string, number>();
  for (const [index, entry] of list.entries()) {
    const below = (found: readonly Problem[]): readonly Problem[] =>
      found.map((one) => ({ ...one, path: [...path, index, ...one.path] }));
    const parsed = parseRepository(entry, resolvers, customSchemes);
    let url: string | undefined;
    if ("problems" in parsed) {
      problems.push(...below(parsed.problems));
      ({ url } = parsed);
    } else {
      warnings.push(...below(parsed.warnings));
      value.push(parsed.value);
      if (!parsed.value.disabled) ({ url } = parsed.value);
    }
    if (url === undefined) continue;
    const first = seen.get(url);
    const message = `is the same repository as ${path.join("")}[${first}] (credentials are not compared): remove one of the two`;
    if (first === undefined) seen.set(url, index);
    else problems.push(...below([{ path: ["repo"], message }]));
  }
  return { value, problems, warnings };
}
