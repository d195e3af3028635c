import type { Clock } from "../../core/clock.ts";

/** Notices that nothing comes although something is awaited. */
export class InactivityTimeout {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #notice: () => void;
  readonly #over: AbortSignal;
  #awaited = 0;
  #sounds = 0;
  #watching = false;

  /**
   * @param notice called after `ms` of inactivity, at the latest after twice that
   * @param over ends the watch
   */
  constructor(clock: Clock, ms: number, notice: () => void, over: AbortSignal) {
    this.#clock = clock;
    this.#ms = ms;
    this.#notice = notice;
    this.#over = over;
  }

  /** What gives this promise is awaited. */
  async guard<T>(work: Promise<T>): Promise<T> {
    this.#awaited += 1;
    this.reset();
    if (!this.#watching) void this.#watch();
    try {
      return await work;
    } finally {
      this.#awaited -= 1;
    }
  }

  reset(): void {
    this.#sounds += 1;
  }

  async #watch(): Promise<void> {
    this.#watching = true;
    try {
      while (this.#awaited > 0) {
        const before = this.#sounds;
        await this.#clock.sleep(this.#ms, this.#over);
        if (this.#awaited > 0 && this.#sounds === before) return this.#notice();
      }
    } catch {
      // It is over.
    } finally {
      this.#watching = false;
    }
  }
}
