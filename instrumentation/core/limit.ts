/** Calls `run` when a place is free, first come, first served. Rejects with the signal's reason if it is aborted before. */
export type Limit = <T>(run: () => Promise<T>, signal: AbortSignal) => Promise<T>;

/** At most `places` runs in parallel. The signal does not stop a run that has started; `run` has to. */
export function limit(places: number): Limit {
  const waiting: (() => void)[] = [];
  let free = places;

  async function enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (free > 0) {
      free -= 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = (): void => {
      waiting.splice(waiting.indexOf(turn), 1);
      reject(signal.reason);
    };
    const turn = (): void => {
      signal.removeEventListener("abort", leave);
      resolve();
    };
    waiting.push(turn);
    signal.addEventListener("abort", leave, { once: true });
    await promise;
  }

  return async (run, signal) => {
    await enter(signal);
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
