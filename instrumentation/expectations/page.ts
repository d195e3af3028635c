import type { Labels, StoreEntry } from "../core/source.ts";
import type { BackupSet, RepositoryState } from "../restic/state.ts";
import type { Expectation, ExpectationSettings } from "../settings/expectations/expectations.ts";
import type { Hit, Hits } from "./hit.ts";
import type { Knowledge } from "./judge.ts";
import { ifValid, isCovered, readSet } from "./read-set.ts";
import type { Moment, ReadSet } from "./read-set.ts";
import { RepositoryRemovals } from "./retention/removable.ts";
import type { RemovableSnapshots, SetsOfPolicies } from "./retention/removable.ts";

/** With 100 expectations a step takes a millisecond, and ten if their globs begin with a star. */
const SETS_IN_A_STEP = 100;

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
  readonly #idsOfUnrestorable: () => readonly string[];
  #entry: StoreEntry<RepositoryState> | undefined;
  #sets: readonly BackupSet[] = [];
  #read: ReadonlyMap<BackupSet, ReadSet> = new Map();
  /** Sets that were read before an update asks for them. */
  #ahead = new Map<BackupSet, ReadSet>();
  #removals = new RepositoryRemovals();
  /** When one of the sets must be read again, milliseconds since the epoch. */
  #until = Infinity;
  /** Ids of snapshots that cannot be restored, as of the last update. */
  #unrestorable: ReadonlySet<string> = new Set();

  /** @param idsOfUnrestorable ids of the snapshots of the repository that cannot be restored */
  constructor(idsOfUnrestorable: () => readonly string[]) {
    this.#idsOfUnrestorable = idsOfUnrestorable;
  }

  /** The next update reads all sets again: the settings changed, or the clock was set back. */
  forget(): void {
    this.#entry = undefined;
    this.#sets = [];
    this.#read = new Map();
    this.#ahead = new Map();
    this.#removals = new RepositoryRemovals();
  }

  /** What `restic forget` would remove, for each expectation with a policy. Empty: the content is not known. */
  get removable(): readonly RemovableSnapshots[] {
    return this.knowledge.isKnown ? this.#removals.list : [];
  }

  /** As of the last update. */
  get sets(): readonly BackupSet[] {
    return this.#sets;
  }

  /** As of the last update. */
  hitsOf(set: BackupSet): Hits {
    return this.#read.get(set)?.hits ?? [];
  }

  /** An expectation covers the set. */
  isExpected(set: BackupSet): boolean {
    return isCovered(this.#read.get(set)?.hits ?? []);
  }

  /** Reads the sets that `update` will need, some in each step. The page may be updated between two steps. */
  *readAhead(
    entry: StoreEntry<RepositoryState>,
    settings: ExpectationSettings,
    now: number,
  ): Generator<void> {
    const moment = this.#momentAt(now);
    if (entry === this.#entry && moment.unrestorable === this.#unrestorable) return;
    const about = aboutRepository(entry, settings);
    // The map of this moment: `forget` puts another one in its place.
    const ahead = this.#ahead;
    let left = SETS_IN_A_STEP;
    for (const set of askedSets(entry, about, settings)) {
      if (ifValid(this.#read.get(set), set, moment) ?? ifValid(ahead.get(set), set, moment))
        continue;
      ahead.set(set, readSet(set, about, settings.retired, moment));
      if (--left > 0) continue;
      left = SETS_IN_A_STEP;
      yield;
    }
    const hitsOfSet = (set: BackupSet): Hits => (this.#read.get(set) ?? ahead.get(set))?.hits ?? [];
    const sets = entry.state?.content?.sets ?? [];
    yield* this.#removals.readAhead(setsOfPolicies(about, sets, hitsOfSet), now);
  }

  /**
   * @param now milliseconds since the epoch
   * @returns the keys of the slots that may have changed, for each expectation that must be evaluated; undefined: all slots
   */
  update(
    entry: StoreEntry<RepositoryState>,
    settings: ExpectationSettings,
    now: number,
  ): ReadonlyMap<Expectation, ReadonlySet<string> | undefined> {
    const moment = this.#momentAt(now);
    const isDue = now >= this.#until || moment.unrestorable !== this.#unrestorable;
    if (entry === this.#entry && !isDue) return new Map();
    const isFirst = this.#entry === undefined;
    this.#entry = entry;
    const about = aboutRepository(entry, settings);
    const knowledge = knowledgeOf(entry);
    const isNews = isFirst || !isSame(knowledge, this.knowledge);
    if (isNews) this.knowledge = knowledge;
    const sets = entry.state?.content?.sets ?? [];
    const changed =
      isFirst || isDue || sets !== this.#sets
        ? this.#readSets(entry, about, settings, moment)
        : new Map<Expectation, Set<string>>();
    const count = sets.length - this.judged.length;
    if (!knowledge.isKnown) this.unexpected = undefined;
    else if (this.unexpected?.count !== count) this.unexpected = { labels: entry.subject, count };
    return isNews ? new Map(about.map((one) => [one, undefined])) : changed;
  }

  /** `unrestorable` is the same object as long as the ids are the same. */
  #momentAt(now: number): Moment {
    const ids = this.#idsOfUnrestorable();
    const known = this.#unrestorable;
    const areSame = ids.length === known.size && ids.every((id) => known.has(id));
    return { unrestorable: areSame ? known : new Set(ids), now };
  }

  /** Reads the sets that changed. Returns the keys of their slots. */
  #readSets(
    entry: StoreEntry<RepositoryState>,
    about: readonly Expectation[],
    settings: ExpectationSettings,
    moment: Moment,
  ): ReadonlyMap<Expectation, ReadonlySet<string>> {
    const sets = askedSets(entry, about, settings);
    const before = this.#read;
    const changed = new Map<Expectation, Set<string>>();
    const note = (hitsOfSet: Hits): void => {
      for (const [expectation, { key }] of hitsOfSet) {
        const keys = changed.get(expectation) ?? new Set();
        changed.set(expectation, keys.add(key));
      }
    };
    const read = new Map<BackupSet, ReadSet>();
    const hits = new Map<Expectation, Hit[]>(about.map((expectation) => [expectation, []]));
    this.#until = Infinity;
    for (const set of sets) {
      const known = ifValid(before.get(set), set, moment);
      const ahead = ifValid(this.#ahead.get(set), set, moment);
      const one = known ?? ahead ?? readSet(set, about, settings.retired, moment);
      read.set(set, one);
      if (!known) note(one.hits);
      for (const [expectation, hit] of one.hits) hits.get(expectation)?.push(hit);
      this.#until = Math.min(this.#until, one.until);
    }
    for (const [set, one] of before) if (!read.has(set)) note(one.hits);
    const hitsOfSet = (set: BackupSet): Hits => read.get(set)?.hits ?? [];
    this.#removals.update(
      entry.subject["url"] ?? "",
      setsOfPolicies(about, sets, hitsOfSet),
      moment.now,
    );
    this.#until = Math.min(this.#until, this.#removals.until);
    this.#sets = entry.state?.content?.sets ?? [];
    this.#unrestorable = moment.unrestorable;
    this.#read = read;
    this.#ahead = new Map();
    this.hits = hits;
    this.judged = sets.filter((set) => read.get(set)?.isJudged);
    return changed;
  }
}

/** The sets of a repository that the settings may be about: none without settings. */
function askedSets(
  { state }: StoreEntry<RepositoryState>,
  about: readonly Expectation[],
  { retired }: ExpectationSettings,
): readonly BackupSet[] {
  return about.length > 0 || retired.length > 0 ? (state?.content?.sets ?? []) : [];
}

/** The sets that each expectation with a policy is about. */
function setsOfPolicies(
  about: readonly Expectation[],
  sets: readonly BackupSet[],
  hitsOfSet: (set: BackupSet) => Hits,
): SetsOfPolicies {
  const setsOf = new Map(
    about.filter(({ retention }) => retention).map((one): [Expectation, BackupSet[]] => [one, []]),
  );
  if (setsOf.size === 0) return setsOf;
  for (const set of sets)
    for (const [expectation] of hitsOfSet(set)) setsOf.get(expectation)?.push(set);
  return setsOf;
}

function aboutRepository(
  { subject: { url = "" } }: StoreEntry<RepositoryState>,
  { expectations }: ExpectationSettings,
): readonly Expectation[] {
  return expectations.filter(({ urls }) => urls.includes(url));
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
