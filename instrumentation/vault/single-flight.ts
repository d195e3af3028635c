import { waitFor } from "../core/abort.ts";

/** Shares one run among all callers that arrive while it is in flight. */
export class SingleFlight<T> {
  #running: Promise<T> | undefined;

  /** @param start must not depend on `signal`, which ends the wait of this caller only */
  run(start: () => Promise<T>, signal: AbortSignal): Promise<T> {
    this.#running ??= start().finally(() => {
      this.#running = undefined;
    });
    return waitFor(this.#running, signal);
  }
}
