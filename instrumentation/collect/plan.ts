import { AgentError } from "../core/error.ts";
import type { Source } from "../core/source.ts";
import type { Schedule } from "./schedule.ts";
import { subjectKey } from "./store.ts";

export interface CollectorSettings {
  readonly schedule: Schedule;
  /** For one source in one collection. */
  readonly timeoutMs: number;
  /** Sources side by side in a collection. Retries have half as many places of their own, so that a collection never waits for them. */
  readonly concurrency: number;
  /** Between scheduled collections, try again what failed for a passing reason. */
  readonly retryFailed: boolean;
  /** Sources of a scheduled collection begin in the time until the next one, each at its own place in it. */
  readonly spread?: boolean;
}

/** What is collected, and how. */
export interface Plan<State> {
  /** By the key of their subject. */
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
