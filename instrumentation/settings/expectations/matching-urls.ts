import type { EntryReader } from "./entry-reader.ts";

/** The repositories of the settings, those of other shards too. */
export interface ConfiguredRepositories {
  readonly list: readonly { readonly url: string; readonly disabled: boolean }[];
  /** False: some entries of `repositories` are invalid and missing here. */
  readonly areComplete: boolean;
}

/** The repositories that the key `repositories` of an entry matches; without it all. */
export function enabledUrls(
  reader: EntryReader,
  { list, areComplete }: ConfiguredRepositories,
): {
  readonly urls: readonly string[];
  /** The number of matching repositories, enabled or not. */
  readonly matching: number;
} {
  const globs = reader.globs("repositories");
  for (const [glob, path] of globs ?? [])
    if (areComplete && !list.some(({ url }) => glob.matches(url)))
      reader.problem(path, `matches none of the configured repositories${some(list)}`);
  const matching = list.filter(({ url }) => !globs || globs.some(([glob]) => glob.matches(url)));
  const urls = matching.filter(({ disabled }) => !disabled).map(({ url }) => url);
  return { urls, matching: matching.length };
}

/** A repository is compared without its credentials: show how they look. */
function some(list: ConfiguredRepositories["list"]): string {
  const shown = list.slice(0, 3).map(({ url }) => url);
  if (shown.length === 0) return "";
  return `, such as ${shown.join(", ")}`;
}
