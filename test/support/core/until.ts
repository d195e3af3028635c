import { setTimeout as delay } from "node:timers/promises";

const WITHIN_MS = 60_000;
const STEP_MS = 5;

/** Waits until other programs and I/O make a condition true. Does not advance a FakeClock. @throws Error after a minute */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const start = performance.now(); !(await holds()); await delay(STEP_MS)) {
    if (performance.now() - start > WITHIN_MS) throw new Error(`${what} did not happen`);
  }
}
