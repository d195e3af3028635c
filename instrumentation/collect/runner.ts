import type { Clock } from "../core/clock.ts";
import { formatDuration } from "../core/duration.ts";
import { AgentError, toAgentError } from "../core/error.ts";
import type { Logger } from "../core/log.ts";
import type { Attempt, Reading, Source, StartSpan } from "../core/source.ts";
import { FailureLog } from "./failure-log.ts";
import type { Store } from "./store.ts";
import { subjectKey } from "./store.ts";
import { unlessAborted } from "../core/abort.ts";

/** How long an aborted call may take to return. */
const GRACE_MS = 2000;

export interface RunnerOptions<State> {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: Store<State>;
  readonly startSpan?: StartSpan | undefined;
  /** Called after an attempt was put into the store. */
  onRecorded(source: Source<State>, attempt: Attempt): void;
}

interface RunInFlight<State> {
  readonly source: Source<State>;
  readonly controller: AbortController;
  /** Its outcome is not recorded. */
  cancelled: boolean;
  ended: Promise<Attempt | undefined>;
}

/** Without a state if the source returned none. */
type Outcome<State> = Omit<Reading<State>, "state"> & Partial<Pick<Reading<State>, "state">>;

/**
 * Runs attempts to collect a source: measures the duration, enforces the time limit, converts exceptions into errors,
 * records the attempt in the store and logs when the source starts to fail or recovers. At most one attempt of a subject
 * runs at a time.
 */
export class Runner<State> {
  readonly #options: RunnerOptions<State>;
  readonly #failures: FailureLog;
  readonly #runs = new Map<string, RunInFlight<State>>();
  /** Start of each call that did not return after its abort, monotonic milliseconds. */
  readonly #stuckSinceMs = new Map<string, number>();
  #stopped = false;

  constructor(options: RunnerOptions<State>) {
    this.#options = options;
    this.#failures = new FailureLog(options.logger);
  }

  /** The running attempt of this source. */
  current(source: Source<State>): Promise<Attempt | undefined> | undefined {
    const run = this.#runs.get(subjectKey(source.subject));
    return run?.source === source ? run.ended : undefined;
  }

  /**
   * Joins the running attempt of this source, or starts one after cancelling that of another source with the same subject.
   * Resolves with the recorded attempt; undefined if none was recorded: after `stop`, or if `retain` dropped the source.
   */
  run(source: Source<State>, timeoutMs: number): Promise<Attempt | undefined> {
    const key = subjectKey(source.subject);
    const previous = this.#runs.get(key);
    if (previous?.source === source) return previous.ended;
    if (previous) cancel(previous);
    const run: RunInFlight<State> = {
      source,
      controller: new AbortController(),
      cancelled: this.#stopped,
      ended: Promise.resolve(undefined),
    };
    this.#runs.set(key, run);
    run.ended = this.#execute(key, run, timeoutMs, previous?.ended);
    return run.ended;
  }

  /** Cancels the attempts of all sources except `sources`; they are not recorded. */
  retain(sources: readonly Source<State>[]): void {
    const kept = new Set(sources);
    for (const run of this.#runs.values()) if (!kept.has(run.source)) cancel(run);
    this.#failures.retain(new Set(sources.map(({ subject }) => subjectKey(subject))));
  }

  /** Cancels all attempts. Resolves when they have returned, within 2 s. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const runs = [...this.#runs.values()];
    for (const run of runs) cancel(run);
    await Promise.all(runs.map(({ ended }) => ended));
  }

  async #execute(
    key: string,
    run: RunInFlight<State>,
    timeoutMs: number,
    previous: Promise<unknown> | undefined,
  ): Promise<Attempt | undefined> {
    try {
      await previous;
      if (run.cancelled) return undefined;
      const { clock, startSpan } = this.#options;
      const startedAt = clock.now();
      const startedMs = clock.monotonicMs();
      const endSpan = startSpan?.(run.source.subject);
      const outcome = this.#stuckOutcome(key) ?? (await this.#collect(key, run, timeoutMs));
      endSpan?.(outcome.error);
      return this.#record(key, run, outcome, startedAt, startedMs);
    } finally {
      if (this.#runs.get(key) === run) this.#runs.delete(key);
    }
  }

  #record(
    key: string,
    run: RunInFlight<State>,
    outcome: Outcome<State>,
    startedAt: number,
    startedMs: number,
  ): Attempt | undefined {
    if (run.cancelled) return undefined;
    const { source } = run;
    const { state, complete, completeAt, error } = outcome;
    const endedMs = this.#options.clock.monotonicMs();
    const attempt: Attempt = {
      startedAt,
      durationSeconds: (endedMs - startedMs) / 1000,
      complete,
      error,
    };
    this.#options.store.put(source.subject, state, attempt, completeAt);
    this.#failures.record(key, source.subject, attempt, startedMs, endedMs);
    this.#options.onRecorded(source, attempt);
    return attempt;
  }

  async #collect(key: string, run: RunInFlight<State>, timeoutMs: number): Promise<Outcome<State>> {
    const { clock, store } = this.#options;
    const startedMs = clock.monotonicMs();
    const returned = new AbortController();
    const call = collectOnce(
      run.source,
      store.get(run.source.subject)?.state,
      run.controller.signal,
    );
    const expiry = this.#expire(run, timeoutMs, returned.signal);
    const outcome = await Promise.race([call, expiry]);
    returned.abort();
    if (outcome) return outcome;

    // The call blocks a thread or a socket. Another call would block one more.
    this.#stuckSinceMs.set(key, startedMs);
    void call.then(() => this.#stuckSinceMs.delete(key));
    return failed(
      new AgentError("timeout", `${noAnswer(timeoutMs)}, and the call ignores its cancellation`),
    );
  }

  /** Aborts the run at its time limit. Resolves when an aborted run has not returned after the grace period. */
  async #expire(
    { controller }: RunInFlight<State>,
    timeoutMs: number,
    returned: AbortSignal,
  ): Promise<undefined> {
    const { clock } = this.#options;
    const ended = AbortSignal.any([returned, controller.signal]);
    await unlessAborted(clock.sleep(timeoutMs, ended), ended);
    if (!returned.aborted) controller.abort(new AgentError("timeout", noAnswer(timeoutMs)));
    await unlessAborted(clock.sleep(GRACE_MS, returned), returned);
  }

  #stuckOutcome(key: string): Outcome<State> | undefined {
    const sinceMs = this.#stuckSinceMs.get(key);
    if (sinceMs === undefined) return undefined;
    const age = formatDuration(
      1000 * Math.round((this.#options.clock.monotonicMs() - sinceMs) / 1000),
    );
    return failed(
      new AgentError(
        "timeout",
        `a call has been hanging for ${age}; not starting another until it returns`,
      ),
    );
  }
}

function cancel(run: RunInFlight<unknown>): void {
  run.cancelled = true;
  run.controller.abort(new AgentError("other", "the collection was cancelled"));
}

async function collectOnce<State>(
  source: Source<State>,
  previous: State | undefined,
  signal: AbortSignal,
): Promise<Outcome<State>> {
  try {
    return withReason(await source.collect(previous, signal), signal);
  } catch (error) {
    return failed(
      toAgentError(signal.aborted && !(error instanceof AgentError) ? signal.reason : error),
    );
  }
}

/** Adds an error to an incomplete reading without one. */
function withReason<State>(reading: Reading<State>, signal: AbortSignal): Outcome<State> {
  if (reading.complete || reading.error) return reading;
  const reason = signal.aborted
    ? toAgentError(signal.reason)
    : new AgentError("other", "the collection did not finish and reported no error");
  return { ...reading, error: reason };
}

function failed(error: AgentError): { readonly complete: false; readonly error: AgentError } {
  return { complete: false, error };
}

function noAnswer(timeoutMs: number): string {
  return `no answer within ${formatDuration(timeoutMs)}`;
}
