import type { AgentError } from "./error.ts";

export type Labels = Readonly<Record<string, string>>;

/** The result of one collection. It may have both a state and an error: one damaged snapshot among good ones. */
export interface Reading<State> {
  readonly state: State;
  /** true: the subject was read completely, `state` is new. false: `state` has the last good values. */
  readonly complete: boolean;
  /** When the state was complete, milliseconds since the epoch. Default: the end of the last complete collection. */
  readonly completeAt?: number | undefined;
  readonly error?: AgentError | undefined;
}

/** Something that is collected on a schedule. Does not measure time, log failures or retry between collections. */
export interface Source<State> {
  /** The labels that name it; they never change. */
  readonly subject: Labels;
  /**
   * Reads the subject once. Rejects only for a programming error. When the signal is aborted, ends soon after with the signal's
   * reason as `error`.
   * @param previous the state in the store
   */
  collect(previous: State | undefined, signal: AbortSignal): Promise<Reading<State>>;
}

/** Starts a span about a subject; the returned function ends the span, with the error if there is one. */
export type StartSpan = (subject: Labels) => (error?: AgentError) => void;

/** The outcome of the last collection of a subject. */
export interface Attempt {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationSeconds: number;
  readonly complete: boolean;
  readonly error?: AgentError | undefined;
}

/** The store's entry for one subject: its last good state, and its last attempt. */
export interface StoreEntry<State> {
  readonly subject: Labels;
  readonly state?: State | undefined;
  readonly attempt: Attempt;
  /** When the last complete attempt ended, milliseconds since the epoch. */
  readonly lastCompleteAt?: number | undefined;
  /** When the first failed attempt since then began, milliseconds since the epoch; undefined: none failed. */
  readonly failingSince?: number | undefined;
}

/** The last complete run over all sources. */
export interface Job {
  /** Milliseconds since the epoch. */
  readonly finishedAt: number;
}
