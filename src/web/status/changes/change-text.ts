import { counted } from "../quantity.ts";
import type { LockStatus } from "../lock-status.ts";
import type { RepositoryStatus } from "../status.ts";
import { minuteOf, parseTime } from "../time.ts";
import type { ChangesStatus } from "./change-status.ts";

/** Earlier changes are left out. */
const RECENT_MS = 30 * 86_400_000;
/** The gravest locks come first. */
const MAX_LOCKS = 3;

/**
 * The last change of each kind within 30 days, and the locks, as of the last look at the repository.
 * @returns a phrase for each; empty: none is known
 */
export function changesInWords(
  { changes, locks }: RepositoryStatus,
  now: number,
): readonly string[] {
  const holders = locks?.holders ?? [];
  const rest = holders.length - MAX_LOCKS;
  return [
    ...(changes ? recentChanges(changes, now) : []),
    ...holders.slice(0, MAX_LOCKS).map(lockInWords),
    ...(rest > 0 ? [counted(rest, "more lock", "more locks")] : []),
  ];
}

function recentChanges(changes: ChangesStatus, now: number): readonly string[] {
  const { lastRemoval } = changes;
  const removed = counted(lastRemoval?.snapshots ?? 0, "snapshot", "snapshots");
  const all: readonly (readonly [string, string | null])[] = [
    ["newest snapshot of a group removed", changes.lastNewestRemoval],
    ["append-only violated", changes.appendOnlyViolated],
    [`${removed} removed`, lastRemoval?.time ?? null],
    ["rewritten", changes.lastRewrite],
    ["key added", changes.lastKeyAdded],
    ["key removed", changes.lastKeyRemoved],
  ];
  return all.flatMap(([words, time]) =>
    time !== null && parseTime(time) > now - RECENT_MS ? [`${words} ${minuteOf(time)}`] : [],
  );
}

function lockInWords({ kind, host, user, since, stale }: LockStatus): string {
  const who = user === "" ? host : `${user} on ${host}`;
  return `${stale ? "stale " : ""}${kind} lock of ${who} since ${minuteOf(since)}`;
}
