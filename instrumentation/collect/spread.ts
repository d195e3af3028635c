import { createHash } from "node:crypto";

import { longSleep } from "../core/clock.ts";
import type { Clock } from "../core/clock.ts";
import type { Labels } from "../core/source.ts";
import { subjectKey } from "./store.ts";

/** Of the time until the next scheduled collection; the rest is for those that take long. */
const PART = 0.8;

/** Makes an attempt when the time of its subject has come. */
export type Begin = <T>(
  attempt: () => Promise<T>,
  subject: Labels,
  signal: AbortSignal,
) => Promise<T>;

/** Spreads attempts over the time until `nextAt`, each at the same place of it every time: by a hash of its labels. Undefined if there is none. */
export function spread(nextAt: number | undefined, clock: Clock): Begin | undefined {
  const ms = ((nextAt ?? 0) - clock.now()) * PART;
  if (!(ms > 0 && Number.isFinite(ms))) return undefined;
  return async (attempt, subject, signal) => {
    await longSleep(ms * placeOf(subject), clock, signal);
    return attempt();
  };
}

function placeOf(subject: Labels): number {
  return createHash("sha256").update(subjectKey(subject)).digest().readUInt32LE(0) / 2 ** 32;
}
