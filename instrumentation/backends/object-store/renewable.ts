import { limit } from "../../core/limit.ts";

/** A login that is kept between collections, and fetched again when it expires or is rejected. */
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

/**
 * @param get one call at a time
 * @param isFresh false: the login must not be used any more
 */
export function renewable<T extends object>(
  get: (signal: AbortSignal) => Promise<T>,
  isFresh: (known: T) => boolean = () => true,
): Renewable<T> {
  const oneByOne = limit(1);
  let known: T | undefined;

  function current(signal: AbortSignal): Promise<T> {
    return oneByOne(async () => {
      known = known && isFresh(known) ? known : await get(signal);
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
