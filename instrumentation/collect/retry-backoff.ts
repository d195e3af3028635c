import type { AgentError, ErrorCode } from "../core/error.ts";

const STEPS_MINUTES = [1, 2, 4, 8, 15] as const;

/** Errors that may go away within minutes without a change of settings. */
const RETRIED: ReadonlySet<ErrorCode> = new Set(["unreachable", "timeout", "secret"]);

interface BackoffStep {
  readonly failures: number;
  /** Monotonic milliseconds; "attempting": the next attempt has been started or queued. */
  readonly dueMs: number | "attempting";
}

/** Schedules retries of failed keys: 1, 2, 4, 8, 15, 15 … minutes after the last attempt ended. */
export class RetryBackoff {
  readonly #steps = new Map<string, BackoffStep>();

  /** Call it after each attempt. Success and errors that are not retried end the retries of the key. */
  attemptEnded(key: string, error: AgentError | undefined, nowMs: number): void {
    if (!error || !RETRIED.has(error.code)) {
      this.#steps.delete(key);
      return;
    }
    const failures = (this.#steps.get(key)?.failures ?? 0) + 1;
    const minutes = STEPS_MINUTES[Math.min(failures, STEPS_MINUTES.length) - 1] ?? 15;
    this.#steps.set(key, { failures, dueMs: nowMs + minutes * 60_000 });
  }

  /** Returns the keys that are due. Each is due again only after its next `attemptEnded`. */
  takeDue(nowMs: number): readonly string[] {
    const due = [...this.#steps].filter(
      ([, { dueMs }]) => dueMs !== "attempting" && dueMs <= nowMs,
    );
    for (const [key, { failures }] of due) this.#steps.set(key, { failures, dueMs: "attempting" });
    return due.map(([key]) => key);
  }

  /** Makes no key due before its next `attemptEnded`: a collection is about to attempt all of them. */
  suspend(): void {
    for (const [key, { failures }] of this.#steps)
      this.#steps.set(key, { failures, dueMs: "attempting" });
  }

  /** When the next key is due, monotonic milliseconds; Infinity if none is. */
  get nextMs(): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#steps.values())
      if (dueMs !== "attempting") nextMs = Math.min(nextMs, dueMs);
    return nextMs;
  }

  /** Forgets all keys except `keys`. */
  retain(keys: ReadonlySet<string>): void {
    for (const key of this.#steps.keys()) if (!keys.has(key)) this.#steps.delete(key);
  }
}
