import type { Clock } from "../core/clock.ts";
import { AgentError } from "../core/error.ts";
import { limit } from "../core/limit.ts";
import type { Limit } from "../core/limit.ts";
import type { Logger } from "../core/log.ts";
import type { StartSpan } from "../core/tracer.ts";
import type { Attempt, Source } from "../core/source.ts";
import { announce } from "./outcome.ts";
import type { CollectionHook, JobOutcome } from "./outcome.ts";
import { Scheduler } from "./scheduler.ts";
import { createPlan } from "./plan.ts";
import type { CollectorSettings, Plan } from "./plan.ts";
import { RetryBackoff } from "./retry-backoff.ts";
import { Runner } from "./runner.ts";
import { spread } from "./spread.ts";
import type { Begin } from "./spread.ts";
import { Store, subjectKey } from "./store.ts";
import { unlessAborted } from "../core/abort.ts";

export type { CollectorSettings };

export interface CollectorOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when a whole collection has ended and is in the store. */
  readonly finished?: CollectionHook | undefined;
  readonly startSpan?: StartSpan | undefined;
}

/** Collects all sources at the start, by a schedule and on demand, one collection at a time, into the store. */
export class Collector<State> {
  readonly store = new Store<State>();
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #hook: CollectionHook | undefined;
  readonly #runner: Runner<State>;
  readonly #backoff = new RetryBackoff();
  readonly #scheduler: Scheduler;
  readonly #stopping = new AbortController();
  #configured: Plan<State> | undefined;
  /** What was configured when the last collection began. */
  #applied: Plan<State> | undefined;
  #begun = false;
  /** A scheduled time came during the collection that is under way. */
  #skipped = false;
  #limiter: Limit = limit(1);
  #retryLimiter: Limit = limit(1);
  /** Aborted when a collection begins: it takes over the retries that still wait for a place. */
  #retryQueue = new AbortController();
  /** Keys of the sources of the first collection that have not ended an attempt. */
  #unread: Set<string> | undefined;
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
      recorded: (source, attempt) => this.#recorded(source, attempt),
    });
    this.#scheduler = new Scheduler(clock, {
      onDue: () => this.#onDue(),
      onTick: () => this.#retry(),
    });
  }

  /**
   * Schedule and `retryFailed` hold at once; sources and limits with the next collection, when subjects that are gone
   * leave the store. Before the first collection everything holds at once.
   *
   * @throws AgentError `config` if two sources have the same subject
   */
  configure(sources: readonly Source<State>[], settings: CollectorSettings): void {
    this.#configured = createPlan(sources, settings);
    if (!this.#begun) this.#applyPlan();
    this.#scheduler.reschedule(settings.schedule);
  }

  /** One collection at once, then by the schedule, and the retries in between. */
  start(): void {
    if (this.#stopping.signal.aborted || this.#scheduler.nextAt !== undefined) return;
    this.#scheduler.start(this.#plan().settings.schedule);
    if (!this.collecting) void this.#begin();
  }

  /**
   * Begins a collection of all sources; undefined while one is under way, and after `stop`. Never rejects; if it is
   * stopped, what was not recorded counts as failed.
   */
  collect(): Promise<JobOutcome> | undefined {
    if (this.#stopping.signal.aborted) return undefined;
    if (this.collecting) {
      this.#logger.info("a collection is under way already, no other is begun");
      return undefined;
    }
    return this.#begin();
  }

  /** The collection that runs. */
  get underWay(): Promise<JobOutcome> | undefined {
    return this.#job;
  }

  get collecting(): boolean {
    return this.#job !== undefined;
  }

  /** Every source of the first collection has ended an attempt. It stays so when sources are added. */
  get ready(): boolean {
    return this.#unread?.size === 0;
  }

  /** When the next scheduled collection begins, milliseconds since the epoch; undefined before `start` and after `stop`. */
  nextAt(): number | undefined {
    return this.#scheduler.nextAt;
  }

  /** Aborts what is under way and records nothing of it. Resolves after 2 s at the latest. */
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
    this.#begun = true;
    this.#skipped = false;
    const begin = plan.settings.spread ? spread(nextAt, this.#clock) : undefined;
    // What begins later goes on to be tried again until then.
    if (!begin) {
      this.#backoff.hold();
      this.#retryQueue.abort();
      this.#retryQueue = new AbortController();
    }
    const job = this.#collectAll(plan, begin);
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
    if (!this.#begun) this.#unread = new Set(plan.sources.keys());
    this.#applied = plan;
  }

  async #collectAll({ sources, settings }: Plan<State>, begin?: Begin): Promise<JobOutcome> {
    const startedMs = this.#clock.monotonicMs();
    try {
      const attempts = await Promise.all(
        [...sources.values()].map((source) => this.#collectOne(source, settings.timeoutMs, begin)),
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

  /** A retry that is under way counts, in its own place. */
  async #collectOne(
    source: Source<State>,
    timeoutMs: number,
    begin: Begin = (attempt) => attempt(),
  ): Promise<Attempt | undefined> {
    const { signal } = this.#stopping;
    const run = (): Promise<Attempt | undefined> =>
      this.#runner.current(source) ??
      this.#limiter(() => this.#runner.run(source, timeoutMs), signal);
    return unlessAborted(begin(run, source.subject, signal), signal);
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
    void announce(this.#hook, outcome, this.#logger);
  }

  #recorded(source: Source<State>, { error }: Attempt): void {
    const key = subjectKey(source.subject);
    this.#backoff.ended(key, error, this.#clock.monotonicMs());
    this.#unread?.delete(key);
  }

  #onDue(): void {
    if (!this.collecting) void this.#begin(this.nextAt());
    else if (!this.#skipped) {
      this.#skipped = true;
      this.#logger.warn("the last collection is still under way, scheduled ones are skipped");
    }
  }

  #retry(): number {
    if (!this.#configured?.settings.retryFailed || !this.#applied) return Infinity;
    const nowMs = this.#clock.monotonicMs();
    for (const key of this.#backoff.take(nowMs)) {
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
