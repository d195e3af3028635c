import { setTimeout as delay } from "node:timers/promises";

/** The only way to the time: everything that waits or dates takes one, so that a test can advance it. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. */
  now(): number;
  /** Never goes backwards; for durations. */
  monotonicMs(): number;
  /** Rejects with the reason of the signal when it is aborted. Does not hold the process. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A timer of Node overflows at 2^31 ms and fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await delay(Math.min(Math.max(ms, 0), LONGEST_TIMER_MS), undefined, {
        ref: false,
        ...(signal && { signal }),
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};

const DAY_MS = 86_400_000;

/** Any time, in pieces: a clock wakes early from what is longer than its timers. */
export async function longSleep(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  const untilMs = clock.monotonicMs() + ms;
  for (let leftMs = ms; leftMs > 0; leftMs = untilMs - clock.monotonicMs())
    await clock.sleep(Math.min(leftMs, DAY_MS), signal);
}
