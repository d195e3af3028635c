import { setTimeout as delay } from "node:timers/promises";

const WITHIN_MS = 60_000;
const STEP_MS = 5;

/** Waits for what other programs and I/O bring about; no time passes on the clock of a test. @throws Error after a minute */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const start = performance.now(); !(await holds()); await delay(STEP_MS)) {
    if (performance.now() - start > WITHIN_MS) throw new Error(`${what} did not come about`);
  }
}
