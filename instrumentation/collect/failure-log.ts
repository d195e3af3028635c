import type { ErrorCode } from "../core/error.ts";
import type { Logger } from "../core/log.ts";
import type { Attempt, Labels } from "../core/source.ts";

interface Failure {
  readonly code: ErrorCode;
  readonly sinceMs: number;
}

/** Logs when a subject starts to fail, fails with another error code, or recovers. Repeated failures are not logged. */
export class FailureLog {
  readonly #logger: Logger;
  readonly #failing = new Map<string, Failure>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @param startedMs start of the attempt, monotonic milliseconds @param endedMs its end */
  record(
    key: string,
    subject: Labels,
    { error, complete }: Attempt,
    startedMs: number,
    endedMs: number,
  ): void {
    const failure = this.#failing.get(key);
    if (!error) {
      if (!failure) return;
      this.#failing.delete(key);
      this.#logger.info("collection recovered", {
        ...subject,
        failed_seconds: Math.round((endedMs - failure.sinceMs) / 1000),
      });
      return;
    }
    if (failure?.code === error.code) return;
    this.#failing.set(key, { code: error.code, sinceMs: failure?.sinceMs ?? startedMs });
    const message = complete ? "collected with an error" : "collection failed";
    this.#logger.warn(message, { ...subject, error_type: error.code, error: error.message });
  }

  /** Forgets all subjects except `keys`. */
  retain(keys: ReadonlySet<string>): void {
    for (const key of this.#failing.keys()) if (!keys.has(key)) this.#failing.delete(key);
  }
}
