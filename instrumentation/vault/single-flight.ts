/** What the work gives, for as long as the signal lets one wait. The work goes on without its waiter: others may share it. */
export async function waitFor<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(signal.reason);
  if (signal.aborted) leave();
  signal.addEventListener("abort", leave, { once: true });
  try {
    return await Promise.race([promise, work]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}

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
