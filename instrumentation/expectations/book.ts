import type { StoreEntry } from "../core/source.ts";
import type { BackupSet, RepositoryState } from "../restic/state.ts";
import { NO_EXPECTATIONS } from "../settings/expectations/expectations.ts";
import type { Expectation, ExpectationSettings } from "../settings/expectations/expectations.ts";
import { chapterOf } from "./chapter.ts";
import type { Chapter } from "./chapter.ts";
import type { Basis } from "./doubts.ts";
import type { Finding } from "./finding.ts";
import { UNREAD } from "./judge.ts";
import { keptSlots, restoredSlots, settingsId } from "./kept-slots.ts";
import type { KeptSlot } from "./kept-slots.ts";
import { RepositoryPage } from "./page.ts";
import type { RemovableSnapshots } from "./retention/removable.ts";
import { shownSlots } from "./shown-slots.ts";
import { slotsOf, someSlots } from "./slots.ts";
import type { Part, Slot } from "./slots.ts";

type Entry = StoreEntry<RepositoryState>;

const NO_KEYS: ReadonlySet<string> = new Set();

/**
 * All expectations with their slots. Does no I/O: compares the entries of the store with those of the last call, and
 * evaluates only expectations about repositories that changed, or whose time has come.
 */
export class ExpectationBook {
  readonly #unrestorableOf: (url: string) => readonly string[];
  #settings: ExpectationSettings = NO_EXPECTATIONS;
  readonly #pages = new Map<string, RepositoryPage>();
  #chapters: readonly Chapter[] = [];
  #byName: ReadonlyMap<string, Chapter> = new Map();
  #maxSlots = Infinity;
  #now = -Infinity;
  #slots: readonly Slot[] | undefined;

  /** @param unrestorableOf ids of the snapshots of a repository that cannot be restored. Default: none is known */
  constructor(unrestorableOf: (url: string) => readonly string[] = () => []) {
    this.#unrestorableOf = unrestorableOf;
  }

  get settings(): ExpectationSettings {
    return this.#settings;
  }

  /** @param urls the repositories that this agent collects */
  configure(settings: ExpectationSettings, urls: readonly string[], maxSlots: number): void {
    const before = this.#byName;
    const isSameText = settings.text === this.#settings.text;
    this.#chapters = settings.expectations.map((expectation) => {
      const own = expectation.urls.filter((url) => urls.includes(url));
      return chapterOf(expectation, own, before.get(expectation.name), isSameText);
    });
    this.#byName = new Map(this.#chapters.map((chapter) => [chapter.expectation.name, chapter]));
    this.#settings = settings;
    this.#maxSlots = maxSlots;
    for (const page of this.#pages.values()) page.forget();
    this.#slots = undefined;
  }

  /** The slots of globs, for the time after a restart. */
  kept(): readonly KeptSlot[] {
    return this.#chapters.flatMap(({ expectation, urls, evaluated }) =>
      keptSlots(settingsId(expectation, this.#settings), urls, evaluated.slots),
    );
  }

  /** Takes over slots from before a restart, unless their settings have changed. */
  restore(kept: readonly KeptSlot[]): void {
    for (const chapter of this.#chapters) {
      const id = settingsId(chapter.expectation, this.#settings);
      const slots = new Map([
        ...restoredSlots(id, chapter.urls, kept, chapter.expectation.text),
        ...chapter.evaluated.slots,
      ]);
      chapter.evaluated = { ...chapter.evaluated, slots };
      chapter.due = undefined;
    }
  }

  /**
   * Reads the backup sets that `update` will need, in steps of some milliseconds. Between two of them other work may run, and the book
   * may be updated.
   * @param now milliseconds since the epoch
   */
  *readAhead(entries: Iterable<Entry>, now: number): Generator<void> {
    // An update at an earlier time must not use what is read now.
    this.#now = Math.max(this.#now, now);
    for (const entry of entries) yield* this.#page(entry).readAhead(entry, this.#settings, now);
  }

  /** @param now milliseconds since the epoch */
  update(entries: Iterable<Entry>, now: number): void {
    const steps = this.updateInSteps(entries, now);
    while (steps.next().done !== true);
  }

  /** As `update`, in steps as those of `readAhead`. */
  *updateInSteps(entries: Iterable<Entry>, now: number): Generator<void> {
    this.#compare(entries, now);
    for (const chapter of this.#chapters) {
      if (chapter.due?.size === 0) continue;
      this.#evaluate(chapter);
      yield;
    }
  }

  #page({ subject: { url = "" } }: Entry): RepositoryPage {
    const page = this.#pages.get(url) ?? new RepositoryPage(() => this.#unrestorableOf(url));
    this.#pages.set(url, page);
    return page;
  }

  /** Finds the slots that must be evaluated. */
  #compare(entries: Iterable<Entry>, now: number): void {
    const isBackwards = now < this.#now;
    this.#now = now;
    const gone = new Set(this.#pages.keys());
    const changed = new Map<Expectation, ReadonlySet<string> | undefined>();
    for (const entry of entries) {
      gone.delete(entry.subject["url"] ?? "");
      const page = this.#page(entry);
      if (isBackwards) page.forget();
      for (const [one, keys] of page.update(entry, this.#settings, now))
        changed.set(one, union(changed.has(one) ? changed.get(one) : NO_KEYS, keys));
    }
    for (const url of gone) this.#pages.delete(url);
    for (const chapter of this.#chapters) {
      if (chapter.until <= now || isBackwards) chapter.due = undefined;
      else if (changed.has(chapter.expectation))
        chapter.due = union(chapter.due, changed.get(chapter.expectation));
    }
  }

  /** As of the last update; slots of names are never left out. */
  slots(): readonly Slot[] {
    this.#slots ??= this.#shown();
    return this.#slots;
  }

  /** Slots above `maxSlots`. */
  get hiddenSlots(): number {
    const all = this.#chapters.reduce((sum, { evaluated }) => sum + evaluated.slots.size, 0);
    return all - this.slots().length;
  }

  /** Expectations that are paused now and have a repository here. */
  paused(now: number): readonly Expectation[] {
    return this.#chapters
      .filter(({ urls, expectation: { pausedUntil = 0 } }) => urls.length > 0 && pausedUntil > now)
      .map(({ expectation }) => expectation);
  }

  /** An expectation covers the backup set. */
  isExpected(set: BackupSet): boolean {
    return this.#pages.get(set.labels["url"] ?? "")?.isExpected(set) === true;
  }

  /** Backup sets that an expectation covers, or that are retired. */
  *judgedSets(): Generator<BackupSet> {
    for (const [, page] of this.#sortedPages()) yield* page.judged;
  }

  /** The slots that a backup set is part of, and what it gives to each. */
  *slotsOf(set: BackupSet): Generator<readonly [Slot, Finding]> {
    const hits = this.#pages.get(set.labels["url"] ?? "")?.hitsOf(set) ?? [];
    for (const [{ name }, { key, userBy, finding }] of hits) {
      const slot = this.#byName.get(name)?.evaluated.slots.get(key);
      if (slot && userBy !== undefined && finding.matching > 0) yield [slot, finding];
    }
  }

  *sets(): Generator<BackupSet> {
    for (const page of this.#pages.values()) yield* page.sets;
  }

  chapterOf({ labels }: Slot): Basis | undefined {
    return this.#byName.get(labels["expectation"] ?? "");
  }

  /** The repositories with known content, and how many of their sets no expectation covers. */
  *unexpectedSets(): Generator<RepositoryPage["unexpected"] & object> {
    for (const [, { unexpected }] of this.#sortedPages()) if (unexpected) yield unexpected;
  }

  /** What `restic forget` would remove, by the policies of expectations. */
  *removable(): Generator<RemovableSnapshots> {
    for (const [, page] of this.#sortedPages()) yield* page.removable;
  }

  #sortedPages(): readonly (readonly [string, RepositoryPage])[] {
    return [...this.#pages].toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  #evaluate(chapter: Chapter): void {
    // Another update may have come since the steps began.
    const now = this.#now;
    const { expectation, urls, evaluated, due } = chapter;
    const parts = urls.map((url): Part => {
      const page = this.#pages.get(url);
      return page
        ? { url, knowledge: page.knowledge, hits: page.hits.get(expectation) ?? [] }
        : { url, knowledge: UNREAD, hits: [] };
    });
    const slots =
      (due && someSlots(expectation, parts, evaluated, due, now)) ??
      slotsOf(expectation, parts, evaluated, now);
    chapter.evaluated = { slots, parts };
    chapter.due = NO_KEYS;
    chapter.until = Infinity;
    for (const { verdict } of slots.values())
      chapter.until = Math.min(chapter.until, verdict.until);
    this.#slots = undefined;
  }

  #shown(): readonly Slot[] {
    const all = this.#chapters.flatMap(({ evaluated }) => [...evaluated.slots.values()]);
    return shownSlots(all, this.#maxSlots);
  }
}

/** undefined: all keys. */
function union(
  a: ReadonlySet<string> | undefined,
  b: ReadonlySet<string> | undefined,
): ReadonlySet<string> | undefined {
  return a && b && new Set([...a, ...b]);
}
