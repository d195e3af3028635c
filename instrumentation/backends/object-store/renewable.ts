import type { Clock } from "../../core/clock.ts";
import { limit } from "../../core/limit.ts";

interface Login {
  /** Milliseconds since the epoch; undefined: never, or not known. */
  readonly expiresAt?: number | undefined;
}

/** A login that is kept between collections, and fetched again before it expires or if it is rejected. */
export interface Renewable<T> {
  current(signal: AbortSignal): Promise<T>;
  /** Fetches another one next time, unless that has happened since. */
  forget(rejected: T): void;
  /** Calls with the current login. If the response says that it was rejected, calls once more with another one. */
  use<R>(
    call: (login: T) => Promise<R>,
    isRejected: (response: R, login: T) => boolean,
    signal: AbortSignal,
  ): Promise<R>;
}

/** Between attempts to replace a login that is still valid. */
const PAUSE_MS = 60_000;

/**
 * @param get one call at a time. If it fails, a login that is still valid is kept
 * @param marginMs how long before its end a login is replaced: a clock may be late, and a request takes a while
 */
export function renewable<T extends Login>(
  get: (signal: AbortSignal) => Promise<T>,
  clock: Clock,
  marginMs = 0,
): Renewable<T> {
  const oneByOne = limit(1);
  let known: T | undefined;
  let askedAt = -Infinity;

  const isFresh = ({ expiresAt = Infinity }: T, leftMs: number): boolean =>
    expiresAt - clock.now() > leftMs;

  function current(signal: AbortSignal): Promise<T> {
    return oneByOne(async () => {
      const isPausing = clock.monotonicMs() - askedAt < PAUSE_MS;
      if (known && isFresh(known, isPausing ? 0 : marginMs)) return known;
      askedAt = clock.monotonicMs();
      try {
        known = await get(signal);
      } catch (error) {
        if (!known || !isFresh(known, 0) || signal.aborted) throw error;
      }
      return known;
    }, signal);
  }

  function forget(rejected: T): void {
    if (known === rejected) known = undefined;
  }

  return {
    current,
    forget,
    async use(call, isRejected, signal) {
      const login = await current(signal);
      const response = await call(login);
      if (!isRejected(response, login)) return response;
      forget(login);
      return call(await current(signal));
    },
  };
}
