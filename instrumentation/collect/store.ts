import type { Attempt, Job, Labels, StoreEntry } from "../core/source.ts";

/** What is known of every subject. Readers never wait: all of it is synchronous. */
export class Store<State> {
  readonly #entries = new Map<string, StoreEntry<State>>();
  #sorted: readonly StoreEntry<State>[] | undefined;
  #version = 0;
  #job: Job | undefined;

  /** Grows with every change, so that what was made of the store can be kept as long as it stays. */
  get version(): number {
    return this.#version;
  }

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

  /** Records an attempt. Without a state, the last good one stays. */
  put(subject: Labels, state: State | undefined, attempt: Attempt): void {
    const key = subjectKey(subject);
    const known = this.#entries.get(key);
    this.#entries.set(key, {
      subject,
      state: state ?? known?.state,
      attempt,
      lastCompleteAt: attempt.complete ? endOf(attempt) : known?.lastCompleteAt,
      failingSince: attempt.complete ? undefined : (known?.failingSince ?? attempt.startedAt),
    });
    this.#changed();
  }

  finishJob(job: Job): void {
    this.#job = job;
    this.#changed();
  }

  /** Forgets all other subjects; true if there was one. */
  retain(subjects: readonly Labels[]): boolean {
    const kept = new Set(subjects.map((subject) => subjectKey(subject)));
    const gone = [...this.#entries.keys()].filter((key) => !kept.has(key));
    for (const key of gone) this.#entries.delete(key);
    if (gone.length > 0) this.#changed();
    return gone.length > 0;
  }

  #changed(): void {
    this.#version += 1;
    this.#sorted = undefined;
  }
}

/** Two subjects have the same key exactly if they have the same labels, in whatever order. */
export function subjectKey(subject: Labels): string {
  return JSON.stringify(Object.entries(subject).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function endOf({ startedAt, durationSeconds }: Attempt): number {
  return startedAt + Math.round(durationSeconds * 1000);
}
