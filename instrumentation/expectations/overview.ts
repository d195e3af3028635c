import type { BackupSet } from "../restic/state.ts";
import type { ExpectationBook } from "./book.ts";
import { isRetired } from "./hit.ts";
import type { Slot } from "./slots.ts";

/** All expectations with the state of their slots. */
export interface Expectations {
  readonly slots: readonly Slot[];
  /** End of the pause by the name of the expectation, milliseconds since the epoch; only of those that are paused. */
  readonly pausedUntil: ReadonlyMap<string, number>;
  /** The backup sets that an expectation covers, or that are retired. */
  readonly judged: ReadonlySet<BackupSet>;
  isRetired(set: BackupSet): boolean;
}

/**
 * As of the last update of the book.
 * @param now milliseconds since the epoch
 */
export function overviewOf(book: ExpectationBook, now: number): Expectations {
  return {
    slots: book.slots(),
    pausedUntil: new Map(
      book.paused(now).map(({ name, pausedUntil = 0 }) => [name, pausedUntil] as const),
    ),
    judged: new Set(book.judgedSets()),
    isRetired: (set) => isRetired(set, book.settings.retired),
  };
}
