import { Fields } from "../state-dir/fields.ts";
import type { LockHolder } from "./holders.ts";

/** The holders as the text that is kept over a restart. */
export function encodeHolders(holders: readonly LockHolder[]): string {
  return JSON.stringify(
    holders.map(({ hostname, username, pid, exclusive, refreshed, since, isStale, files }) => [
      hostname,
      username,
      pid,
      Number(exclusive),
      refreshed.seconds,
      refreshed.nanoseconds,
      since,
      Number(isStale),
      files,
    ]),
  );
}

/**
 * The holders of `encodeHolders`; none of another text. A lock that was not stale needs two looks after the restart.
 * @param atMs now, monotonic milliseconds
 */
export function decodeHolders(text: string, atMs: number): readonly LockHolder[] {
  try {
    return Fields.parse(text)
      .parts()
      .map((fields) => ({
        hostname: fields.text(0),
        username: fields.text(1),
        pid: fields.number(2),
        exclusive: fields.number(3) === 1,
        refreshed: { seconds: fields.number(4), nanoseconds: fields.number(5) },
        since: fields.number(6),
        isStale: fields.number(7) === 1,
        files: fields.part(8).texts(),
        unchangedSinceMs: atMs,
      }));
  } catch {
    return [];
  }
}
