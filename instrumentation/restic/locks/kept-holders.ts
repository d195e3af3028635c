import { Fields } from "../state-dir/fields.ts";
import type { LockLook } from "./lock-state.ts";

/** The time and the holders of a look, as the text that is kept over a restart. */
export function encodeLook({ at, holders }: LockLook): string {
  return JSON.stringify([
    at,
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
  ]);
}

/**
 * The look of `encodeLook`, without its files: they are read again. A lock that was not stale needs two looks after the restart.
 * @param atMs now, monotonic milliseconds
 * @returns undefined: it is another text
 */
export function decodeLook(text: string, atMs: number): LockLook | undefined {
  try {
    const look = Fields.parse(text);
    const holders = look
      .part(1)
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
    return { at: look.number(0), holders, unreadable: 0, files: new Map() };
  } catch {
    return undefined;
  }
}
