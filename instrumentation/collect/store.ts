import type { Attempt, Job, Labels, StoreEntry } from "../core/source.ts";

/** The last good state and the last attempt of every subject. All methods are synchronous. */
export class Store<State> {
  readonly #entries = new Map<string, StoreEntry<State>>();
  #sorted: readonly StoreEntry<State>[] | undefined;
  #job: Job | undefined;

  get job(): Job | undefined {
    return this.#job;
  }

  /** Sorted by subject. */
  entries(): Iterable<StoreEntry<State>> {
    this.#sorted ??= [...this.#entries]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, entry]) => entry);
    return this.#sorted;
  }

  get(subject: Labels): StoreEntry<State> | undefined {
    return this.#entries.get(subjectKey(subject));
  }

  /**
   * Records an attempt. If `state` is undefined, the previous state is kept.
   * @param completeAt when the state was complete, milliseconds since the epoch, if it is not the end of the last complete attempt
   */
  put(subject: Labels, state: State | undefined, attempt: Attempt, completeAt?: number): void {
    const key = subjectKey(subject);
    const known = this.#entries.get(key);
    this.#entries.set(key, {
      subject,
      state: state ?? known?.state,
      attempt,
      lastCompleteAt: completeAt ?? (attempt.complete ? endOf(attempt) : known?.lastCompleteAt),
      failingSince: attempt.complete ? undefined : (known?.failingSince ?? attempt.startedAt),
    });
    this.#sorted = undefined;
  }

  /** Replaces the state of every subject that has one, by what is known of it in other terms. */
  translate(translated: (state: State, subject: Labels) => State): void {
    for (const [key, entry] of this.#entries) {
      const state = entry.state && translated(entry.state, entry.subject);
      if (state !== entry.state) this.#entries.set(key, { ...entry, state });
    }
    this.#sorted = undefined;
  }

  finishJob(job: Job): void {
    this.#job = job;
  }

  /** Deletes all subjects except `subjects`. Returns whether it deleted one. */
  retain(subjects: readonly Labels[]): boolean {
    const kept = new Set(subjects.map((subject) => subjectKey(subject)));
    const gone = [...this.#entries.keys()].filter((key) => !kept.has(key));
    for (const key of gone) this.#entries.delete(key);
    this.#sorted = undefined;
    return gone.length > 0;
  }
}

/** Two subjects have the same key if and only if they have the same labels, in any order. */
export function subjectKey(subject: Labels): string {
  return JSON.stringify(Object.entries(subject).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function endOf({ startedAt, durationSeconds }: Attempt): number {
  return startedAt + Math.round(durationSeconds * 1000);
}
