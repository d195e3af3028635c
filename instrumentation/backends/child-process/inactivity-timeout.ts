import type { Clock } from "../../core/clock.ts";

/** Calls back when no data arrives while requests are pending. */
export class InactivityTimeout {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #notice: () => void;
  readonly #over: AbortSignal;
  #pending = 0;
  #resets = 0;
  #watching = false;

  /**
   * @param notice called after `ms` without a reset, at the latest after twice that
   * @param over stops watching
   */
  constructor(clock: Clock, ms: number, notice: () => void, over: AbortSignal) {
    this.#clock = clock;
    this.#ms = ms;
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
    this.#resets += 1;
  }

  async #watch(): Promise<void> {
    this.#watching = true;
    try {
      while (this.#pending > 0) {
        const before = this.#resets;
        await this.#clock.sleep(this.#ms, this.#over);
        if (this.#pending > 0 && this.#resets === before) return this.#notice();
      }
    } catch {
      // `over` was aborted.
    } finally {
      this.#watching = false;
    }
  }
}
