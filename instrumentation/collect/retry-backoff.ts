import type { AgentError, ErrorCode } from "../core/error.ts";

const STEPS_MINUTES = [1, 2, 4, 8, 15] as const;

/** What may be over in some minutes without anybody doing anything. */
const PASSING: ReadonlySet<ErrorCode> = new Set(["unreachable", "timeout", "secret"]);

interface BackoffStep {
  readonly failures: number;
  /** On the monotonic clock; "taken" while somebody is about to try. */
  readonly dueMs: number | "taken";
}

/** When what failed is tried again: 1, 2, 4, 8, 15, 15 … minutes after its last attempt ended. */
export class RetryBackoff {
  readonly #steps = new Map<string, BackoffStep>();

  /** An attempt ended. Success and lasting errors leave the ladder. */
  ended(key: string, error: AgentError | undefined, nowMs: number): void {
    if (!error || !PASSING.has(error.code)) {
      this.#steps.delete(key);
      return;
    }
    const failures = (this.#steps.get(key)?.failures ?? 0) + 1;
    const minutes = STEPS_MINUTES[Math.min(failures, STEPS_MINUTES.length) - 1] ?? 15;
    this.#steps.set(key, { failures, dueMs: nowMs + minutes * 60_000 });
  }

  /** Those whose time has come. They are not due again before `ended`. */
  take(nowMs: number): readonly string[] {
    const due = [...this.#steps].filter(([, { dueMs }]) => dueMs !== "taken" && dueMs <= nowMs);
    for (const [key, { failures }] of due) this.#steps.set(key, { failures, dueMs: "taken" });
    return due.map(([key]) => key);
  }

  /** Nothing is due before its next `ended`: all are about to be tried anyway. */
  hold(): void {
    for (const [key, { failures }] of this.#steps)
      this.#steps.set(key, { failures, dueMs: "taken" });
  }

  /** The earliest time that something is due; infinity if nothing is. */
  get nextMs(): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#steps.values())
      if (dueMs !== "taken") nextMs = Math.min(nextMs, dueMs);
    return nextMs;
  }

  /** Forgets all other keys. */
  retain(keys: ReadonlySet<string>): void {
    for (const key of this.#steps.keys()) if (!keys.has(key)) this.#steps.delete(key);
  }
}
