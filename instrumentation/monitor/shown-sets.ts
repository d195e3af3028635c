import { AgentError } from "../core/error.ts";
import type { Labels, StoreEntry } from "../core/source.ts";
import { bounded } from "../expectations/bounded.ts";
import type { Rank } from "../expectations/bounded.ts";
import { groupName, groupsOfSet } from "../restic/set-groups.ts";
import type { SetGroup } from "../restic/set-groups.ts";
import type { BackupSet, RepositoryState } from "../restic/state.ts";
import type { MonitorSettings } from "./monitor-settings.ts";

/** The sets of a repository that have series. Never changes. */
export interface ShownPage {
  readonly labels: Labels;
  readonly sets: readonly BackupSet[];
  readonly groups: readonly SetGroup[];
  /** Sets and groups that have none. */
  readonly hidden: number;
}

interface Read {
  readonly from: readonly BackupSet[];
  /** The sets that are shown; undefined: all are. */
  readonly shown: ReadonlySet<BackupSet> | undefined;
  /** The groups of each set that is shown. Empty without `groupBy`. */
  readonly groups: ReadonlyMap<BackupSet, readonly SetGroup[]>;
  readonly page: ShownPage;
}

const MAX_SETS = 10_000;

/** Chooses the backup sets of each repository that have series, and divides them into groups. */
export class ShownSets {
  readonly #isExpected: (set: BackupSet) => boolean;
  #groupBy: NonNullable<MonitorSettings["groupBy"]> = [];
  #maxSets = MAX_SETS;
  #reads: ReadonlyMap<string, Read> = new Map();

  /** @param isExpected an expectation covers the set */
  constructor(isExpected: (set: BackupSet) => boolean) {
    this.#isExpected = isExpected;
  }

  configure({ groupBy = [], maxSets = MAX_SETS }: MonitorSettings): void {
    this.#groupBy = groupBy;
    this.#maxSets = maxSets;
    this.#reads = new Map();
  }

  /** Repositories with known content, in the order of the entries. A page is the same object as long as nothing in it changed. */
  pages(entries: Iterable<StoreEntry<RepositoryState>>): readonly ShownPage[] {
    const reads = new Map<string, Read>();
    for (const { subject, state } of entries) {
      if (!state?.content) continue;
      const { url = "" } = subject;
      const { sets } = state.content;
      const known = this.#reads.get(url);
      reads.set(url, known?.from === sets ? known : this.#read(subject, sets, known));
    }
    this.#reads = reads;
    return [...reads.values()].map(({ page }) => page);
  }

  /** As of the last call of `pages`. */
  isShown(set: BackupSet): boolean {
    const { url = "" } = set.labels;
    const read = this.#reads.get(url);
    return read !== undefined && (read.shown?.has(set) ?? true);
  }

  /** Says that not all of these sets are shown; undefined: all are. */
  problemOf(sets: readonly BackupSet[]): AgentError | undefined {
    if (sets.length > this.#maxSets)
      return this.#hidden(sets.length, "backup sets", "make one host of many by rename");
    const groups = this.#countGroups(sets);
    return groups > this.#maxSets
      ? this.#hidden(groups, "groups of snapshots", "change groupBy")
      : undefined;
  }

  #hidden(count: number, what: string, hint: string): AgentError {
    const rest = count - this.#maxSets;
    return new AgentError(
      "other",
      `${rest} of the ${count} ${what} are not shown: raise maxSets (${this.#maxSets}), or ${hint}`,
    );
  }

  #countGroups(sets: readonly BackupSet[]): number {
    if (this.#groupBy.length === 0) return 0;
    const countOf = ({ members }: BackupSet): number =>
      new Set(members.flatMap((member) => groupName(member, this.#groupBy) ?? [])).size;
    return sets.reduce((sum, set) => sum + countOf(set), 0);
  }

  #read(labels: Labels, from: readonly BackupSet[], known: Read | undefined): Read {
    const sets = bounded(from, this.#maxSets, (set) => rankOf(set, this.#isExpected(set)));
    const groups = new Map<BackupSet, readonly SetGroup[]>();
    const setOf = new Map<SetGroup, BackupSet>();
    for (const set of this.#groupBy.length > 0 ? sets : []) {
      const ofSet = known?.groups.get(set) ?? groupsOfSet(set, this.#groupBy);
      groups.set(set, ofSet);
      for (const group of ofSet) setOf.set(group, set);
    }
    const all = [...setOf.keys()];
    const shownGroups = bounded(all, this.#maxSets, (group) => {
      const set = setOf.get(group);
      return rankOf(group, set !== undefined && this.#isExpected(set));
    });
    const hidden = from.length - sets.length + all.length - shownGroups.length;
    const shown = sets === from ? undefined : new Set(sets);
    return { from, shown, groups, page: { labels, sets, groups: shownGroups, hidden } };
  }
}

function rankOf({ snapshots, newest }: BackupSet | SetGroup, isExpected: boolean): Rank {
  // Single snapshots are compared: the newest is the first.
  return { isExpected, snapshots, firstSeenAt: newest.firstSeen?.at };
}
