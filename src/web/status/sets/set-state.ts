import type { Status } from "../status.ts";
import type { SetStatus } from "./set-status.ts";

/**
 * A word for the state of a backup set. `failing`: its repository is, so that the set may be outdated. `old`: older than an expectation
 * allows that another set meets.
 */
export type SetState = "late" | "old" | "future" | "empty" | "failing" | "retired" | "ok";

/** The states of a backup set: those that need attention, else `ok`. */
export function setStates(
  { url, late, old, future, empty, retired }: SetStatus,
  failing: ReadonlySet<string>,
): readonly SetState[] {
  if (retired) return ["retired"];
  const states = [
    late ? ["late" as const] : [],
    old ? ["old" as const] : [],
    future ? ["future" as const] : [],
    empty ? ["empty" as const] : [],
    failing.has(url) ? ["failing" as const] : [],
  ].flat();
  return states.length > 0 ? states : ["ok"];
}

/** Whether the set itself needs attention, whatever its repository does. */
export function needsAttention({ late, future, empty, retired }: SetStatus): boolean {
  return !retired && (late || future || empty);
}

/** The URLs of the repositories whose last collection failed. */
export function failingUrls({ repositories }: Status): ReadonlySet<string> {
  return new Set(repositories.filter(({ state }) => state === "failing").map(({ url }) => url));
}
