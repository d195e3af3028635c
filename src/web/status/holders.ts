import type { HolderStatus } from "./expectation-status.ts";
import type { SetStatus } from "./sets/set-status.ts";

/** More are only counted. */
const MAX_NAMED = 3;

/** `root in /srv/a, backup in /srv/b`. */
export function holdersInWords(holders: readonly HolderStatus[]): string {
  return named(holders.map(({ url, user }) => `${user} in ${url}`));
}

/** `met by root`, with the repository if it is another one. */
export function metByInWords({ url, metBy }: SetStatus): string {
  return `met by ${named(metBy.map((one) => (one.url === url ? one.user : `${one.user} in ${one.url}`)))}`;
}

/** At most three of them. */
export function named(texts: readonly string[]): string {
  const left = texts.length - MAX_NAMED;
  const shown = texts.slice(0, MAX_NAMED).join(", ");
  return left > 0 ? `${shown} and ${left} more` : shown;
}
