import type { Clock } from "../core/clock.ts";
import type { Schedule } from "./schedule.ts";
import { unlessAborted } from "../core/abort.ts";

/** The clock on the wall is looked at this often: a laptop that slept, or a clock that was set, is noticed. */
const LONGEST_SLEEP_MS = 30_000;
/** A clock that is set back by less than this does not make the same time come twice. */
const SMALL_STEP_MS = 60_000;

export interface SchedulerCallbacks {
  /** A scheduled time has come. Times missed meanwhile, by a suspended machine, are not made up. */
  onDue(): void;
  /** Called at least every 30 s; returns in how many milliseconds it wants to be called again. */
  onTick(): number;
}

/** The one loop of a collector. It calls, it does not wait for what it calls. */
export class Scheduler {
  readonly #clock: Clock;
  readonly #callbacks: SchedulerCallbacks;
  #schedule: Schedule | undefined;
  #nextAt: number | undefined;
  /** The last scheduled time; at first that of the start. */
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

  /** Does nothing the second time, and after `stop`. */
  start(schedule: Schedule): void {
    if (this.#loop || this.#stopped) return;
    this.#lastAt = this.#clock.now();
    this.#nextAt = schedule.next(this.#lastAt);
    this.#schedule = schedule;
    this.#loop = this.#run();
  }

  /** Goes by another schedule at once. An interval goes on to count from the last time. */
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
      // Later than it was only if the clock was set back: then it would be waited for until the old time comes again.
      this.#nextAt = Math.min(this.#nextAt, this.#next(this.#schedule));
      return;
    }
    this.#lastAt = this.#nextAt;
    this.#nextAt = this.#next(this.#schedule);
    this.#callbacks.onDue();
  }

  #next(schedule: Schedule): number {
    const now = this.#clock.now();
    const early = this.#lastAt - now;
    return schedule.next(early > 0 && early <= SMALL_STEP_MS ? this.#lastAt : now);
  }
}
