import { compareInstants } from "../repository/timestamp.ts";
import type { Instant } from "../repository/timestamp.ts";
import type { LockFile } from "./lock-file.ts";

/** A process that holds a lock. Every five minutes restic replaces its lock file by a new one, so that a name identifies no holder. */
export interface LockHolder {
  readonly hostname: string;
  readonly username: string;
  /** 0: the lock does not say. */
  readonly pid: number;
  readonly exclusive: boolean;
  /** The newest time of its files, by its own clock. */
  readonly refreshed: Instant;
  /** Names of its files in the last look. */
  readonly files: readonly string[];
  /** When the agent first saw it, milliseconds since the epoch. */
  readonly since: number;
  /** The first look without a newer file since, monotonic milliseconds of the agent. */
  readonly unchangedSinceMs: number;
  /** It is old by its own clock, and was not refreshed from one look to another. */
  readonly isStale: boolean;
}

/** The time of a look, in milliseconds. */
export interface LookTime {
  /** Since the epoch. */
  readonly at: number;
  /** Monotonic. */
  readonly atMs: number;
}

/** restic calls a lock stale that is older than this. */
const STALE_MS = 30 * 60_000;

/** Two looks this far apart have at least one refresh of a live holder between them. */
const MIN_APART_MS = 10 * 60_000;

/**
 * The holders of locks, each once.
 * @param previous the holders of the last look
 */
export function holdersOf(
  files: Iterable<readonly [id: string, file: LockFile]>,
  previous: readonly LockHolder[],
  look: LookTime,
): readonly LockHolder[] {
  const known = new Map(previous.map((holder) => [keyOf(holder), holder]));
  const holders = Map.groupBy(files, ([, file]) => keyOf(file));
  return [...holders].map(([key, own]) => holderOf(own, known.get(key), look));
}

/** Names may contain any character: a joined string would be ambiguous. */
export function keyOf({ hostname, pid, username, exclusive }: LockFile | LockHolder): string {
  return JSON.stringify([hostname, pid, username, exclusive]);
}

function holderOf(
  own: readonly (readonly [id: string, file: LockFile])[],
  before: LockHolder | undefined,
  { at, atMs }: LookTime,
): LockHolder {
  const [, newest] = own.reduce((a, b) => (compareInstants(a[1].time, b[1].time) < 0 ? b : a));
  const files = own.map(([id]) => id);
  // A clock that was set back gives a new file an older time: the name tells that it is new.
  const known = new Set(before?.files);
  const isRefreshed = !before || files.some((id) => !known.has(id));
  const unchangedSinceMs = isRefreshed ? atMs : before.unchangedSinceMs;
  const isOld = at - newest.time.seconds * 1000 > STALE_MS;
  const isSilent = !isRefreshed && (before.isStale || atMs - unchangedSinceMs >= MIN_APART_MS);
  const { hostname, username, pid, exclusive, time } = newest;
  // The clock of the agent was ahead if it first saw the lock in the future, unless it is behind now: then the lock is of the future, too.
  const wasAhead = before && before.since > at && time.seconds * 1000 <= at;
  return {
    hostname,
    username,
    pid,
    exclusive,
    refreshed: time,
    files,
    since: before && !wasAhead ? before.since : at,
    unchangedSinceMs,
    isStale: isOld && isSilent,
  };
}
