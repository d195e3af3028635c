import type { AgentError } from "./error.ts";

export type Labels = Readonly<Record<string, string>>;

/** The result of one collection. `state` and `error` can both be there: a damaged snapshot beside good ones. */
export interface Reading<State> {
  readonly state: State;
  /** The subject was read to its end and `state` is new. False: `state` carries the last good values. */
  readonly complete: boolean;
  readonly error?: AgentError | undefined;
}

/** Something that is read from time to time. Does no timing, no logging of failures, no retry between collections. */
export interface Source<State> {
  /** The labels that name it, for ever the same. */
  readonly subject: Labels;
  /**
   * Reads once. `previous` is the state in the store. Never rejects but for a programming error; ends soon after the
   * signal is aborted, with the reason of the signal as `error`.
   */
  collect(previous: State | undefined, signal: AbortSignal): Promise<Reading<State>>;
}

/** How the last collection of a subject went. */
export interface Attempt {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationSeconds: number;
  readonly complete: boolean;
  readonly error?: AgentError | undefined;
}

/** What the store knows of one subject: the last good state, and how the last attempt went. */
export interface StoreEntry<State> {
  readonly subject: Labels;
  readonly state?: State | undefined;
  readonly attempt: Attempt;
  /** When the last complete attempt ended, milliseconds since the epoch. */
  readonly lastCompleteAt?: number | undefined;
  /** When the first of the failed attempts began that have been made since, milliseconds since the epoch. */
  readonly failingSince?: number | undefined;
}

/** The last whole collection of all sources. */
export interface Job {
  /** Milliseconds since the epoch. */
  readonly finishedAt: number;
}
