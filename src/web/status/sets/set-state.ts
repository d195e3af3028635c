import type { Status } from "../status.ts";
import type { SetStatus } from "./set-status.ts";

/**
 * A word for the state of a backup set. `failing`: its repository is, so that the set may be outdated. `old`: older than an expectation
 * allows that another set meets.
 */
export type SetState = "late" | "old" | "future" | "empty" | "failing" | "retired" | "ok";

const OWN_STATES = ["late", "old", "future", "empty"] as const;

/** The states of a backup set: those that need attention, else `ok`. */
export function setStates(set: SetStatus, failing: ReadonlySet<string>): readonly SetState[] {
  if (set.retired) return ["retired"];
  const states: SetState[] = OWN_STATES.filter((state) => set[state]);
  if (failing.has(set.url)) states.push("failing");
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
