import type { Labels, StoreEntry } from "../core/source.ts";
import type { BackupSet, RepositoryState } from "../restic/state.ts";
import type {
  Expectation,
  ExpectationSettings,
  Retired,
} from "../settings/expectations/expectations.ts";
import { MAX_AHEAD_SECONDS } from "./finding.ts";
import { hitsOf, isRetired } from "./hit.ts";
import type { Hit, Hits } from "./hit.ts";
import type { Knowledge } from "./judge.ts";

/** Backup sets of a repository that are neither expected nor retired. Never changes. */
export interface UnexpectedSets {
  readonly labels: Labels;
  readonly count: number;
}

/** A backup set, and which expectations are about it. */
interface ReadSet {
  readonly hits: Hits;
  /** An expectation covers it, or it is retired. */
  readonly isJudged: boolean;
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
  #read: ReadonlyMap<BackupSet, ReadSet> = new Map();
  /** When a snapshot that is dated in the future counts, milliseconds since the epoch. */
  #until = Infinity;

  /** The next update reads all sets anew: the settings changed, or the clock was set back. */
  forget(): void {
    this.#entry = undefined;
    this.#sets = [];
    this.#read = new Map();
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
    const about = settings.expectations.filter(({ urls }) => urls.includes(url));
    const knowledge = knowledgeOf(entry);
    const isNews = isFirst || !isSame(knowledge, this.knowledge);
    const changed = new Set(isNews ? about : []);
    if (isNews) this.knowledge = knowledge;
    const sets = entry.state?.content?.sets ?? [];
    if (isFirst || sets !== this.#sets)
      for (const one of this.#readSets(sets, about, settings.retired, now)) changed.add(one);
    const count = sets.length - this.judged.length;
    if (!knowledge.isKnown) this.unexpected = undefined;
    else if (this.unexpected?.count !== count) this.unexpected = { labels: entry.subject, count };
    return changed;
  }

  /** Reads the sets that changed. Returns the expectations that are about them. */
  #readSets(
    sets: readonly BackupSet[],
    about: readonly Expectation[],
    retired: readonly Retired[],
    now: number,
  ): Iterable<Expectation> {
    const before = this.#read;
    const changed = new Set<Expectation>();
    const read = new Map<BackupSet, ReadSet>();
    const hits = new Map<Expectation, Hit[]>(about.map((expectation) => [expectation, []]));
    this.#until = Infinity;
    for (const set of sets) {
      const known = before.get(set);
      const one = known ?? readSet(set, about, retired, now);
      read.set(set, one);
      for (const [expectation, hit] of one.hits) {
        if (!known) changed.add(expectation);
        hits.get(expectation)?.push(hit);
        this.#until = Math.min(this.#until, (hit.finding.future - MAX_AHEAD_SECONDS) * 1000);
      }
    }
    for (const [set, one] of before)
      if (!read.has(set)) for (const [expectation] of one.hits) changed.add(expectation);
    this.#sets = sets;
    this.#read = read;
    this.hits = hits;
    this.judged = sets.filter((set) => read.get(set)?.isJudged);
    return changed;
  }
}

function readSet(
  set: BackupSet,
  about: readonly Expectation[],
  retired: readonly Retired[],
  now: number,
): ReadSet {
  const isOld = isRetired(set, retired);
  const hits = hitsOf(set, about, isOld, now);
  return { hits, isJudged: isOld || isCovered(hits) };
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
