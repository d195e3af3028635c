import { createHash } from "node:crypto";

import { longSleep } from "../core/clock.ts";
import type { Clock } from "../core/clock.ts";
import type { Labels } from "../core/source.ts";
import { subjectKey } from "./store.ts";

/** Attempts start within this fraction of the interval; the rest of it is left for slow ones to finish. */
const FRACTION = 0.8;

/** Runs `attempt` at the start time of its subject. */
export type StartAttempt = <T>(
  attempt: () => Promise<T>,
  subject: Labels,
  signal: AbortSignal,
) => Promise<T>;

/**
 * Staggers attempts over the time until `nextAt`. A hash of its labels gives each subject the same offset every time.
 * Undefined if `nextAt` is undefined, past or infinite.
 */
export function spread(nextAt: number | undefined, clock: Clock): StartAttempt | undefined {
  const ms = ((nextAt ?? 0) - clock.now()) * FRACTION;
  if (!(ms > 0 && Number.isFinite(ms))) return undefined;
  return async (attempt, subject, signal) => {
    await longSleep(ms * offsetOf(subject), clock, signal);
    return attempt();
  };
}

/** From 0 up to, not including, 1. */
function offsetOf(subject: Labels): number {
  return createHash("sha256").update(subjectKey(subject)).digest().readUInt32LE(0) / 2 ** 32;
}
