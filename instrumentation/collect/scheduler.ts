import type { Clock } from "../core/clock.ts";
import type { Schedule } from "./schedule.ts";
import { unlessAborted } from "../core/abort.ts";

/** The wall clock is read at least this often, to notice that the machine was suspended or the clock was set. */
const LONGEST_SLEEP_MS = 30_000;
/** If the clock is set back by at most this, a scheduled time does not run a second time. */
const SMALL_STEP_MS = 60_000;

export interface SchedulerCallbacks {
  /** A scheduled time has come. Called once for all scheduled times that passed while the machine was suspended. */
  onDue(): void;
  /** Called at least every 30 s. Returns the milliseconds until it must be called again. */
  onTick(): number;
}

/** The timer loop of a collector. Its callbacks are synchronous. */
export class Scheduler {
  readonly #clock: Clock;
  readonly #callbacks: SchedulerCallbacks;
  #schedule: Schedule | undefined;
  #nextAt: number | undefined;
  /** The last scheduled time that came; before the first one, the time of `start`. */
  #lastAt = 0;
  #stopped = false;
  #wake = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(clock: Clock, callbacks: SchedulerCallbacks) {
    this.#clock = clock;
    this.#callbacks = callbacks;
  }

  get nextAt(): number | undefined {
    return this.#nextAt;
  }

  /** Does nothing if it was called before, and after `stop`. */
  start(schedule: Schedule): void {
    if (this.#loop || this.#stopped) return;
    this.#lastAt = this.#clock.now();
    this.#nextAt = schedule.next(this.#lastAt);
    this.#schedule = schedule;
    this.#loop = this.#run();
  }

  /** Replaces the schedule at once. An `@every` interval counts from the last scheduled time. */
  reschedule(schedule: Schedule): void {
    if (!this.#loop || this.#stopped) return;
    const fromLast = schedule.next(this.#lastAt);
    this.#schedule = schedule;
    this.#nextAt = fromLast > this.#clock.now() ? fromLast : this.#next(schedule);
    this.#wake.abort();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#nextAt = undefined;
    this.#wake.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#wake = new AbortController();
      this.#checkSchedule();
      const restMs = Math.min(
        this.#callbacks.onTick(),
        (this.#nextAt ?? Infinity) - this.#clock.now(),
        LONGEST_SLEEP_MS,
      );
      await unlessAborted(this.#clock.sleep(restMs, this.#wake.signal), this.#wake.signal);
    }
  }

  #checkSchedule(): void {
    if (!this.#schedule || this.#nextAt === undefined) return;
    if (this.#clock.now() < this.#nextAt) {
      // If the clock was set back, the next scheduled time is now earlier than the one calculated before.
      this.#nextAt = Math.min(this.#nextAt, this.#next(this.#schedule));
      return;
    }
    this.#lastAt = this.#nextAt;
    this.#nextAt = this.#next(this.#schedule);
    this.#callbacks.onDue();
  }

  #next(schedule: Schedule): number {
    const now = this.#clock.now();
    const setBackMs = this.#lastAt - now;
    return schedule.next(setBackMs > 0 && setBackMs <= SMALL_STEP_MS ? this.#lastAt : now);
  }
}
