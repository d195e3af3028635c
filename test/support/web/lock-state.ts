import type { LockHolder } from "../../../instrumentation/restic/locks/holders.ts";
import type { LockState } from "../../../instrumentation/restic/locks/lock-state.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");
const HOUR = 3_600_000;

/** A shared lock of root on web that was first seen some hours ago. */
export function holder(hoursAgo: number, rest: Partial<LockHolder> = {}): LockHolder {
  return {
    hostname: "web",
    username: "root",
    pid: 7,
    exclusive: false,
    refreshed: { seconds: NOW / 1000 - 60, nanoseconds: 0 },
    files: [],
    since: NOW - hoursAgo * HOUR,
    unchangedSinceMs: 0,
    isStale: false,
    ...rest,
  };
}

/** The locks as of a look an hour ago. */
export function lockState(
  holders: readonly LockHolder[],
  { unreadable = 0, ...rest }: Partial<LockState> & { readonly unreadable?: number } = {},
): LockState {
  const look = { at: NOW - HOUR, holders, unreadable, files: new Map() };
  return { repositoryId: "1", triedAtMs: 0, problem: undefined, look, ...rest };
}
