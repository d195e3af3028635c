import type { Clock } from "../../core/clock.ts";

/** Calls back when no data arrives while requests are pending. */
export interface InactivityTimeout {
  /** Watches while `work` is pending. */
  guard<T>(work: Promise<T>): Promise<T>;
  /** Data has arrived. */
  reset(): void;
}

/**
 * @param limitMs the allowed silence
 * @param notice called once the silence is that long
 * @param over stops watching
 */
export function inactivityTimeout(
  clock: Clock,
  limitMs: () => number,
  notice: () => void,
  over: AbortSignal,
): InactivityTimeout {
  let pending = 0;
  /** When data arrived, or a request began, by the monotonic clock. */
  let resetAt = 0;
  let isWatching = false;

  async function watch(): Promise<void> {
    isWatching = true;
    try {
      for (;;) {
        if (pending === 0) return;
        const leftMs = resetAt + limitMs() - clock.monotonicMs();
        if (leftMs <= 0) return notice();
        await clock.sleep(leftMs, over);
      }
    } catch {
      // `over` was aborted.
    } finally {
      isWatching = false;
    }
  }

  function reset(): void {
    resetAt = clock.monotonicMs();
  }

  return {
    reset,
    async guard(work) {
      pending += 1;
      reset();
      if (!isWatching) void watch();
      try {
        return await work;
      } finally {
        pending -= 1;
      }
    },
  };
}
