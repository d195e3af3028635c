import type { Clock } from "restic-otel-instrumentation/internal";

import type { RateLimit } from "./web-config.ts";

/** Takes a token. @returns false: none is left */
export type TakeToken = () => boolean;

/** Allows `burst` requests at once, and one more per interval. Starts full. */
export function tokenBucket({ intervalMs, burst }: RateLimit, clock: Clock): TakeToken {
  let tokens = burst;
  let filledAtMs = clock.monotonicMs();
  return () => {
    const nowMs = clock.monotonicMs();
    tokens = Math.min(burst, tokens + (nowMs - filledAtMs) / intervalMs);
    filledAtMs = nowMs;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
