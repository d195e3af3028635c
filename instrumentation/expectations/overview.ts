import type { Labels } from "../core/source.ts";
import type { BackupSet } from "../restic/state.ts";
import type { ExpectationBook } from "./book.ts";
import { doubtsOf } from "./doubts.ts";
import type { Doubt } from "./doubts.ts";
import { draftsOf } from "./drafts.ts";
import { isRetired } from "./hit.ts";
import { labelsOf } from "./slots.ts";
import type { Gap } from "./retention/retained.ts";
import type { Slot } from "./slots.ts";

/** A slot of an expectation that has no enabled repository: it is paused. */
interface IdleSlot {
  /** As those of a slot. */
  readonly labels: Labels;
  readonly maxAgeSeconds: number;
}

/** All expectations with the state of their slots. */
export interface Expectations {
  readonly slots: readonly Slot[];
  readonly idle: readonly IdleSlot[];
  /** Slots above `maxSlots`, which are not in `slots`. */
  readonly hiddenSlots: number;
  /** End of the pause by the name of the expectation, milliseconds since the epoch; only of those that are paused. */
  readonly pausedUntil: ReadonlyMap<string, number>;
  /** The backup sets that an expectation covers, or that are retired. */
  readonly judged: ReadonlySet<BackupSet>;
  /** Labels of the backup sets that have a snapshot as new as that of the slot. */
  readonly holders: ReadonlyMap<Slot, readonly Labels[]>;
  /** The slots for which a backup set is too old. */
  overdueOf(set: BackupSet): readonly Slot[];
  /** The periods without a snapshot of the policies of its slots, in its repository. */
  gapsOf(set: BackupSet): readonly Gap[];
  /** Why not all is known of a slot with the reason `unknown`. */
  doubtsOf(slot: Slot): readonly Doubt[];
  isRetired(set: BackupSet): boolean;
}

/**
 * As of the last update of the book.
 * @param now milliseconds since the epoch
 */
export function overviewOf(book: ExpectationBook, now: number): Expectations {
  return {
    slots: book.slots(),
    idle: idleSlots(book),
    hiddenSlots: book.hiddenSlots,
    pausedUntil: new Map(
      book.paused(now).map(({ name, pausedUntil = 0 }) => [name, pausedUntil] as const),
    ),
    judged: new Set(book.judgedSets()),
    holders: holdersOf(book),
    overdueOf: (set) => overdueSlots(book, set, now),
    gapsOf: (set) => gapsOf(book, set),
    doubtsOf: (slot) => doubtsOf(slot, book.chapterOf(slot)),
    isRetired: (set) => isRetired(set, book.settings.retired),
  };
}

function idleSlots({ settings }: ExpectationBook): readonly IdleSlot[] {
  return settings.expectations
    .filter(({ urls }) => urls.length === 0)
    .flatMap((expectation) =>
      Array.from(draftsOf(expectation, [], []).values(), ({ host, user }) => ({
        labels: labelsOf(expectation.name, host, user),
        maxAgeSeconds: expectation.maxAgeMs / 1000,
      })),
    );
}

function overdueSlots(book: ExpectationBook, set: BackupSet, now: number): readonly Slot[] {
  const age = now / 1000 - set.newest.time.seconds;
  const slots = Array.from(book.slotsOf(set), ([slot]) => slot);
  return slots.filter(({ verdict }) => age > verdict.maxAgeSeconds);
}

function gapsOf(book: ExpectationBook, set: BackupSet): readonly Gap[] {
  const url = set.labels["url"];
  return Array.from(book.slotsOf(set), ([{ retained }]) => retained)
    .flat()
    .flatMap(({ labels, gaps }) => (labels["url"] === url ? gaps : []));
}

function holdersOf(book: ExpectationBook): Expectations["holders"] {
  const holders = new Map<Slot, Labels[]>(book.slots().map((slot) => [slot, []]));
  for (const set of book.sets())
    for (const [slot, finding] of book.slotsOf(set)) {
      const { newest = 0 } = slot.verdict;
      if (newest > 0 && finding.newest >= newest) holders.get(slot)?.push(set.labels);
    }
  return holders;
}
