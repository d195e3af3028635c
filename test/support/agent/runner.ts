import { Runner } from "../../../instrumentation/collect/runner.ts";
import { Store } from "../../../instrumentation/collect/store.ts";
import type { Attempt, Labels } from "../../../instrumentation/core/source.ts";
import { FakeClock } from "../core/clock.ts";
import { ArrayLogger } from "../core/logger.ts";

export const MINUTES = 60_000;
export const LIMIT = 5 * MINUTES;

/** A runner with its clock, logger and store. */
export interface RunnerBench {
  readonly clock: FakeClock;
  readonly logger: ArrayLogger;
  readonly store: Store<string>;
  readonly runner: Runner<string>;
  readonly recorded: Attempt[];
  /** `code: message` of the last attempt, or `none`. */
  error(source: { readonly subject: Labels }): string;
}

export function runnerBench(): RunnerBench {
  const clock = new FakeClock();
  const logger = new ArrayLogger();
  const store = new Store<string>();
  const recorded: Attempt[] = [];
  const runner = new Runner({
    clock,
    logger,
    store,
    onRecorded: (_source, attempt) => recorded.push(attempt),
  });
  const error = (source: { readonly subject: Labels }): string => {
    const failure = store.get(source.subject)?.attempt.error;
    return failure ? `${failure.code}: ${failure.message}` : "none";
  };
  return { clock, logger, store, runner, recorded, error };
}
