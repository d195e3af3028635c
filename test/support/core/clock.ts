import type { Clock } from "../../../instrumentation/core/clock.ts";

interface Sleeper {
  readonly dueMs: number;
  wake(): void;
}

/** A clock that only a test advances. Starts at 2026-01-01T00:00:00Z, a Thursday. */
export class FakeClock implements Clock {
  #monotonicMs = 0;
  #wallOffsetMs: number;
  #sleepers: readonly Sleeper[] = [];

  constructor(startMs = 1_767_225_600_000) {
    this.#wallOffsetMs = startMs;
  }

  now(): number {
    return this.#wallOffsetMs + this.#monotonicMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  /** The number of pending sleeps: a loop that has ended leaves none. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const interrupt = (): void => {
      this.#forget(sleeper);
      reject(signal?.reason);
    };
    const sleeper: Sleeper = {
      dueMs: this.#monotonicMs + Math.max(ms, 0),
      wake: () => {
        this.#forget(sleeper);
        signal?.removeEventListener("abort", interrupt);
        resolve();
      },
    };
    this.#sleepers = [...this.#sleepers, sleeper];
    signal?.addEventListener("abort", interrupt, { once: true });
    await promise;
  }

  /** Lets time pass: wakes sleepers in the order they are due, and settles after each. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#monotonicMs + ms;
    await settle();
    for (let next = this.#nextUntil(untilMs); next; next = this.#nextUntil(untilMs)) {
      this.#monotonicMs = next.dueMs;
      next.wake();
      await settle();
    }
    this.#monotonicMs = untilMs;
    await settle();
  }

  /** Sets the wall clock without letting time pass, as an administrator or a suspended machine does. */
  step(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  #nextUntil(untilMs: number): Sleeper | undefined {
    const due = this.#sleepers.filter((sleeper) => sleeper.dueMs <= untilMs);
    return due.toSorted((a, b) => a.dueMs - b.dueMs)[0];
  }

  #forget(sleeper: Sleeper): void {
    this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
  }
}

/** Runs all promise callbacks that are ready. Does not wait for I/O. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
