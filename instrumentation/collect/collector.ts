import type { Clock } from "../core/clock.ts";
import { AgentError } from "../core/error.ts";
import { limit } from "../core/limit.ts";
import type { Limit } from "../core/limit.ts";
import type { Logger } from "../core/log.ts";
import type { Attempt, Source, StartSpan } from "../core/source.ts";
import { callHook } from "./outcome.ts";
import type { CollectionHook, JobOutcome } from "./outcome.ts";
import { Scheduler } from "./scheduler.ts";
import { createPlan } from "./plan.ts";
import type { CollectorSettings, Plan } from "./plan.ts";
import { RetryBackoff } from "./retry-backoff.ts";
import { Runner } from "./runner.ts";
import { spread } from "./spread.ts";
import type { StartAttempt } from "./spread.ts";
import { Store, subjectKey } from "./store.ts";
import { unlessAborted } from "../core/abort.ts";

export interface CollectorOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when a collection has finished and its results are in the store. */
  readonly finished?: CollectionHook | undefined;
  readonly startSpan?: StartSpan | undefined;
}

/** Collects all sources at start, on a schedule and on demand, into the store. One collection at a time. */
export class Collector<State> {
  readonly store = new Store<State>();
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #hook: CollectionHook | undefined;
  readonly #runner: Runner<State>;
  readonly #backoff = new RetryBackoff();
  readonly #scheduler: Scheduler;
  readonly #stopping = new AbortController();
  /** The plan of the last `configure`. */
  #configured: Plan<State> | undefined;
  /** The plan of the last collection. */
  #applied: Plan<State> | undefined;
  #hasCollected = false;
  /** A scheduled collection was skipped during the current one. */
  #skippedScheduled = false;
  #limiter: Limit = limit(1);
  #retryLimiter: Limit = limit(1);
  /** Aborted when a collection begins, which then runs the retries that wait for the limiter. */
  #retryQueue = new AbortController();
  /** Keys of the sources of the first collection that have not finished an attempt yet. */
  #neverAttempted: Set<string> | undefined;
  #job: Promise<JobOutcome> | undefined;
  #lastFailed: number | undefined;
  #stopped: Promise<void> | undefined;

  constructor({ clock, logger, finished, startSpan }: CollectorOptions) {
    this.#clock = clock;
    this.#logger = logger;
    this.#hook = finished;
    this.#runner = new Runner({
      clock,
      logger,
      store: this.store,
      startSpan,
      onRecorded: (source, attempt) => this.#onRecorded(source, attempt),
    });
    this.#scheduler = new Scheduler(clock, {
      onDue: () => this.#onDue(),
      onTick: () => this.#retry(),
    });
  }

  /**
   * Applies the schedule and `retryFailed` at once, sources and limits with the next collection. That collection also
   * deletes removed subjects from the store. Before the first collection everything applies at once.
   *
   * @throws AgentError `config` if two sources have the same subject
   */
  configure(sources: readonly Source<State>[], settings: CollectorSettings): void {
    this.#configured = createPlan(sources, settings);
    if (!this.#hasCollected) this.#applyPlan();
    this.#scheduler.reschedule(settings.schedule);
  }

  /** Starts a collection at once, then collections on the schedule, and retries between them. */
  start(): void {
    if (this.#stopping.signal.aborted || this.#scheduler.nextAt !== undefined) return;
    this.#scheduler.start(this.#plan().settings.schedule);
    if (!this.collecting) void this.#begin();
  }

  /**
   * Starts a collection of all sources; returns undefined while one is running, and after `stop`. Never rejects. If `stop`
   * interrupts it, sources without a recorded attempt count as failed.
   */
  collect(): Promise<JobOutcome> | undefined {
    if (this.#stopping.signal.aborted) return undefined;
    if (this.collecting) {
      this.#logger.info("a collection is already running; not starting another");
      return undefined;
    }
    return this.#begin();
  }

  /** The running collection. */
  get currentCollection(): Promise<JobOutcome> | undefined {
    return this.#job;
  }

  get collecting(): boolean {
    return this.#job !== undefined;
  }

  /** Every source of the first collection has finished an attempt. Sources added later do not reset it. */
  get ready(): boolean {
    return this.#neverAttempted?.size === 0;
  }

  /** When the next scheduled collection begins, milliseconds since the epoch; undefined before `start` and after `stop`. */
  nextAt(): number | undefined {
    return this.#scheduler.nextAt;
  }

  /** Aborts all running attempts without recording them. Resolves within 2 s. */
  stop(): Promise<void> {
    this.#stopped ??= this.#halt();
    return this.#stopped;
  }

  async #halt(): Promise<void> {
    this.#stopping.abort(new AgentError("other", "the collector was stopped"));
    this.#retryQueue.abort(this.#stopping.signal.reason);
    await Promise.all([this.#scheduler.stop(), this.#runner.stop(), this.#job]);
  }

  #plan(): Plan<State> {
    if (!this.#configured) throw new Error("the collector is not configured");
    return this.#configured;
  }

  #begin(nextAt?: number): Promise<JobOutcome> {
    const plan = this.#plan();
    if (plan !== this.#applied) this.#applyPlan();
    this.#hasCollected = true;
    this.#skippedScheduled = false;
    const start = plan.settings.spread ? spread(nextAt, this.#clock) : undefined;
    // A spread collection starts some sources much later; their retries continue until then.
    if (!start) {
      this.#backoff.suspend();
      this.#retryQueue.abort();
      this.#retryQueue = new AbortController();
    }
    const job = this.#collectAll(plan, start);
    this.#job = job;
    return job;
  }

  #applyPlan(): void {
    const plan = this.#plan();
    const sources = [...plan.sources.values()];
    const { concurrency } = plan.settings;
    this.#runner.retain(sources);
    this.#backoff.retain(new Set(plan.sources.keys()));
    this.store.retain(sources.map(({ subject }) => subject));
    if (concurrency !== this.#applied?.settings.concurrency) {
      this.#limiter = limit(concurrency);
      this.#retryLimiter = limit(Math.ceil(concurrency / 2));
    }
    if (!this.#hasCollected) this.#neverAttempted = new Set(plan.sources.keys());
    this.#applied = plan;
  }

  async #collectAll({ sources, settings }: Plan<State>, start?: StartAttempt): Promise<JobOutcome> {
    const startedMs = this.#clock.monotonicMs();
    try {
      const attempts = await Promise.all(
        [...sources.values()].map((source) => this.#collectOne(source, settings.timeoutMs, start)),
      );
      const failed = attempts.filter((attempt) => !attempt || attempt.error).length;
      const outcome = { finishedAt: this.#clock.now(), failed, total: sources.size };
      if (!this.#stopping.signal.aborted)
        this.#finish(outcome, this.#clock.monotonicMs() - startedMs);
      return outcome;
    } finally {
      this.#job = undefined;
    }
  }

  /** Joins a running retry of the source, which keeps its place in the retry limiter. */
  async #collectOne(
    source: Source<State>,
    timeoutMs: number,
    start: StartAttempt = (attempt) => attempt(),
  ): Promise<Attempt | undefined> {
    const { signal } = this.#stopping;
    const run = (): Promise<Attempt | undefined> =>
      this.#runner.current(source) ??
      this.#limiter(() => this.#runner.run(source, timeoutMs), signal);
    return unlessAborted(start(run, source.subject, signal), signal);
  }

  #finish(outcome: JobOutcome, durationMs: number): void {
    const { finishedAt, failed, total } = outcome;
    this.store.finishJob({ finishedAt });
    const level = failed === this.#lastFailed ? "debug" : "info";
    this.#lastFailed = failed;
    this.#logger[level]("collection finished", {
      total,
      failed,
      seconds: Math.round(durationMs) / 1000,
    });
    void callHook(this.#hook, outcome, this.#logger);
  }

  #onRecorded(source: Source<State>, { error }: Attempt): void {
    const key = subjectKey(source.subject);
    this.#backoff.attemptEnded(key, error, this.#clock.monotonicMs());
    this.#neverAttempted?.delete(key);
  }

  #onDue(): void {
    if (!this.collecting) void this.#begin(this.nextAt());
    else if (!this.#skippedScheduled) {
      this.#skippedScheduled = true;
      this.#logger.warn("the last collection is still running; skipping scheduled collections");
    }
  }

  #retry(): number {
    if (!this.#configured?.settings.retryFailed || !this.#applied) return Infinity;
    const nowMs = this.#clock.monotonicMs();
    for (const key of this.#backoff.takeDue(nowMs)) {
      const source = this.#applied.sources.get(key);
      if (source) void this.#retryOne(source, this.#applied.settings.timeoutMs);
    }
    return this.#backoff.nextMs - nowMs;
  }

  async #retryOne(source: Source<State>, timeoutMs: number): Promise<void> {
    const { signal } = this.#retryQueue;
    await unlessAborted(
      this.#retryLimiter(async () => {
        signal.throwIfAborted();
        await this.#runner.run(source, timeoutMs);
      }, signal),
      signal,
    );
  }
}
