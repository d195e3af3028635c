import { waitFor } from "../core/abort.ts";

/** Runs the work once for all who ask while it is under way. */
export class SingleFlight<T> {
  #running: Promise<T> | undefined;

  /** @param start does not depend on the signal of any of those who wait */
  run(start: () => Promise<T>, signal: AbortSignal): Promise<T> {
    this.#running ??= start().finally(() => {
      this.#running = undefined;
    });
    return waitFor(this.#running, signal);
  }
}
