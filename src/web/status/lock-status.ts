import type { RepositoryState } from "restic-otel-instrumentation/internal";

import { isoTime, timeOrNull } from "./time.ts";

type LockState = NonNullable<RepositoryState["locks"]>;
type LockHolder = NonNullable<LockState["look"]>["holders"][number];

/** The locks of a repository, as of one look. */
export interface LocksStatus {
  /** When the agent looked; null: no look succeeded. */
  readonly seen: string | null;
  /** Why the last look failed; the locks are from an earlier one. null: it did not. */
  readonly problem: string | null;
  /** Lock files that cannot be read. */
  readonly unreadable: number | null;
  /** The stale ones first, then the exclusive ones, the oldest first. */
  readonly holders: readonly LockStatus[];
}

/** A process that holds a lock. */
export interface LockStatus {
  readonly kind: "shared" | "exclusive";
  readonly host: string;
  /** Empty: the lock names none. */
  readonly user: string;
  readonly pid: number;
  /** When the agent first saw it. */
  readonly since: string;
  /** When it was refreshed, by its own clock. */
  readonly refreshed: string;
  readonly stale: boolean;
}

/** null: locks are not looked at, or were not yet. */
export function locksStatus(state: RepositoryState["locks"]): LocksStatus | null {
  if (!state) return null;
  const { problem = null, look } = state;
  return {
    seen: timeOrNull(look?.at),
    problem,
    unreadable: look?.unreadable ?? null,
    holders: (look?.holders ?? []).toSorted(worstFirst).map(lockStatus),
  };
}

function worstFirst(a: LockHolder, b: LockHolder): number {
  return (
    Number(b.isStale) - Number(a.isStale) ||
    Number(b.exclusive) - Number(a.exclusive) ||
    a.since - b.since
  );
}

function lockStatus(holder: LockHolder): LockStatus {
  const { hostname, username, pid, exclusive, since, refreshed, isStale } = holder;
  return {
    kind: exclusive ? "exclusive" : "shared",
    host: hostname,
    user: username,
    pid,
    since: isoTime(since),
    refreshed: isoTime(refreshed.seconds * 1000),
    stale: isStale,
  };
}
