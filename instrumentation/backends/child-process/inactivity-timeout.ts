import type { Clock } from "../../core/clock.ts";

/** Calls back when no data arrives while requests are pending. */
export class InactivityTimeout {
  readonly #clock: Clock;
  readonly #limitMs: () => number;
  readonly #notice: () => void;
  readonly #over: AbortSignal;
  #pending = 0;
  /** When data arrived, or a request began, by the monotonic clock. */
  #resetAt = 0;
  #watching = false;

  /**
   * @param limitMs the allowed silence
   * @param notice called once the silence is that long
   * @param over stops watching
   */
  constructor(clock: Clock, limitMs: () => number, notice: () => void, over: AbortSignal) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#notice = notice;
    this.#over = over;
  }

  /** Watches while `work` is pending. */
  async guard<T>(work: Promise<T>): Promise<T> {
    this.#pending += 1;
    this.reset();
    if (!this.#watching) void this.#watch();
    try {
      return await work;
    } finally {
      this.#pending -= 1;
    }
  }

  /** Data has arrived. */
  reset(): void {
    this.#resetAt = this.#clock.monotonicMs();
  }

  async #watch(): Promise<void> {
    this.#watching = true;
    try {
      while (this.#pending > 0) {
        const leftMs = this.#resetAt + this.#limitMs() - this.#clock.monotonicMs();
        if (leftMs <= 0) return this.#notice();
        await this.#clock.sleep(leftMs, this.#over);
      }
    } catch {
      // `over` was aborted.
    } finally {
      this.#watching = false;
    }
  }
}
