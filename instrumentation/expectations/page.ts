import type { Labels, StoreEntry } from "../core/source.ts";
import type { BackupSet, RepositoryState } from "../restic/state.ts";
import type { Expectation, ExpectationSettings } from "../settings/expectations/expectations.ts";
import { MAX_AHEAD_SECONDS } from "./finding.ts";
import { hitsOf, isRetired } from "./hit.ts";
import type { Hit, Hits } from "./hit.ts";
import type { Knowledge } from "./judge.ts";

/** Backup sets of a repository that are neither expected nor retired. Never changes. */
export interface UnexpectedSets {
  readonly labels: Labels;
  readonly count: number;
}

/** One repository as expectations see it: what is known of it, and which backup sets they are about. */
export class RepositoryPage {
  knowledge: Knowledge = { isAttempted: true, isKnown: false, isWhole: false, isFailing: false };
  hits: ReadonlyMap<Expectation, readonly Hit[]> = new Map();
  /** Sets that an expectation covers, or that are retired. */
  judged: readonly BackupSet[] = [];
  /** undefined: the content is not known. */
  unexpected: UnexpectedSets | undefined;
  #entry: StoreEntry<RepositoryState> | undefined;
  #sets: readonly BackupSet[] = [];
  #hitsOfSets: ReadonlyMap<BackupSet, Hits> = new Map();
  /** When a snapshot that is dated in the future counts, milliseconds since the epoch. */
  #until = Infinity;

  /** The next update reads all sets anew: the settings changed, or the clock was set back. */
  forget(): void {
    this.#entry = undefined;
    this.#sets = [];
    this.#hitsOfSets = new Map();
  }

  /**
   * @param now milliseconds since the epoch
   * @returns the expectations that must be evaluated
   */
  update(
    entry: StoreEntry<RepositoryState>,
    settings: ExpectationSettings,
    now: number,
  ): Iterable<Expectation> {
    const isDue = now >= this.#until;
    if (entry === this.#entry && !isDue) return [];
    if (isDue) this.forget();
    const isFirst = this.#entry === undefined;
    this.#entry = entry;
    const { url = "" } = entry.subject;
    const changed = new Set<Expectation>();
    const knowledge = knowledgeOf(entry);
    if (isFirst || !isSame(knowledge, this.knowledge))
      for (const one of settings.expectations) if (one.urls.includes(url)) changed.add(one);
    this.knowledge = knowledge;
    const sets = entry.state?.content?.sets ?? [];
    if (isFirst || sets !== this.#sets)
      for (const one of this.#read(sets, settings, now)) changed.add(one);
    const count = sets.length - this.judged.length;
    if (!knowledge.isKnown) this.unexpected = undefined;
    else if (this.unexpected?.count !== count) this.unexpected = { labels: entry.subject, count };
    return changed;
  }

  /** Reads the sets that changed. Returns the expectations that are about them. */
  #read(
    sets: readonly BackupSet[],
    settings: ExpectationSettings,
    now: number,
  ): Iterable<Expectation> {
    const before = this.#hitsOfSets;
    const hitsOfSets = new Map(
      sets.map((set) => [set, before.get(set) ?? hitsOf(set, settings, now)] as const),
    );
    const changed = new Set<Expectation>();
    const hits = new Map<Expectation, Hit[]>();
    this.#until = Infinity;
    for (const [set, ofSet] of hitsOfSets)
      for (const [expectation, hit] of ofSet) {
        if (!before.has(set)) changed.add(expectation);
        const list = hits.get(expectation) ?? [];
        if (list.length === 0) hits.set(expectation, list);
        list.push(hit);
        this.#until = Math.min(this.#until, (hit.finding.future - MAX_AHEAD_SECONDS) * 1000);
      }
    for (const [set, ofSet] of before)
      if (!hitsOfSets.has(set)) for (const [expectation] of ofSet) changed.add(expectation);
    this.#sets = sets;
    this.#hitsOfSets = hitsOfSets;
    this.hits = hits;
    this.judged = sets.filter(
      (set) => isCovered(hitsOfSets.get(set) ?? []) || isRetired(set, settings.retired),
    );
    return changed;
  }
}

/** An expectation covers a set if it is about one of its snapshots. */
function isCovered(hits: Hits): boolean {
  return hits.some(([, { userBy, finding }]) => userBy !== undefined && finding.matching > 0);
}

function knowledgeOf({ state, attempt, lastCompleteAt }: StoreEntry<RepositoryState>): Knowledge {
  const content = state?.content;
  return {
    isAttempted: true,
    isKnown: content !== undefined,
    isWhole: content !== undefined && lastCompleteAt !== undefined && content.refused === 0,
    isFailing: !attempt.complete,
  };
}

function isSame(a: Knowledge, b: Knowledge): boolean {
  return a.isKnown === b.isKnown && a.isWhole === b.isWhole && a.isFailing === b.isFailing;
}
