import { setTimeout as delay } from "node:timers/promises";

/** The only source of time. Code that waits or takes a time gets a Clock, so that tests can advance it. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. */
  now(): number;
  /** For durations: never goes backwards. */
  monotonicMs(): number;
  /** Rejects with the signal's reason when it is aborted. Does not keep the process alive. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A Node.js timer overflows at 2^31 ms and fires at once. */
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

/** Sleeps any time, in steps of a day: a clock wakes early from a sleep longer than its timers. */
export async function longSleep(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  const untilMs = clock.monotonicMs() + ms;
  for (let leftMs = ms; leftMs > 0; leftMs = untilMs - clock.monotonicMs())
    await clock.sleep(Math.min(leftMs, DAY_MS), signal);
}
