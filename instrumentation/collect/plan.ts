import { AgentError } from "../core/error.ts";
import type { Source } from "../core/source.ts";
import type { Schedule } from "./schedule.ts";
import { subjectKey } from "./store.ts";

export interface CollectorSettings {
  readonly schedule: Schedule;
  /** Time limit of one attempt. */
  readonly timeoutMs: number;
  /** Maximum parallel attempts in a collection. Retries have a limit of their own, half as high, so that a collection never waits for them. */
  readonly concurrency: number;
  /** Retry sources that failed temporarily between scheduled collections. */
  readonly retryFailed: boolean;
  /** Stagger the attempts of a scheduled collection over 80 % of the time to the next one. */
  readonly spread?: boolean;
}

/** The sources and settings of a collection. */
export interface Plan<State> {
  /** By `subjectKey`. */
  readonly sources: ReadonlyMap<string, Source<State>>;
  readonly settings: CollectorSettings;
}

/** @throws AgentError `config` if two sources have the same subject */
export function createPlan<State>(
  sources: readonly Source<State>[],
  settings: CollectorSettings,
): Plan<State> {
  const byKey = new Map<string, Source<State>>();
  for (const source of sources) {
    const key = subjectKey(source.subject);
    if (byKey.has(key)) {
      const subject = JSON.stringify(source.subject);
      throw new AgentError("config", `two sources have the same subject ${subject}`);
    }
    byKey.set(key, source);
  }
  return { sources: byKey, settings };
}
