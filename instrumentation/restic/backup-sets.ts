import type { Owner, SnapshotTable } from "./repository/snapshot-table.ts";
import type { BackupSet } from "./state.ts";

/** An empty user name is shown under this; a user of that very name falls into the same set. */
const UNKNOWN_USER = "UNKNOWN";

const SECONDS_PER_DAY = 86_400;
const DAYS = 31;

/** What was counted of a set so far: numbers of rows. */
interface Tally {
  readonly labels: BackupSet["labels"];
  snapshots: number;
  newest: number;
  oldest: number;
  readonly days: number[];
  /** As it was shown last, if it is still so. */
  shown: BackupSet | undefined;
}

/** Groups the snapshots of a repository into backup sets. Rows that came since the last time are added: they change their sets alone. */
export class BackupSets {
  readonly #url: string;
  #hosts = new Map<string, Map<string, Tally>>();
  #byOwner = new Map<Owner, Tally>();
  #rows = 0;
  #removals: number;
  #shown: readonly BackupSet[] = [];
  #isNew = false;

  constructor(url: string) {
    this.#url = url;
    this.#removals = 0;
  }

  /** Sorted by host and user; what did not change is the same object. Of two of the same time the one with the higher id is newest. */
  update(table: SnapshotTable): readonly BackupSet[] {
    const before = this.#hosts;
    if (table.removals !== this.#removals) this.#forget(table.removals);
    else if (table.size === this.#rows) return this.#shown;
    for (let row = this.#rows; row < table.size; row++) this.#count(table, row);
    this.#rows = table.size;
    if (this.#isNew) this.#sort();
    this.#isNew = false;
    this.#shown = [...this.#hosts].flatMap(([host, users]) =>
      [...users].map(([user, tally]) => {
        tally.shown ??= show(table, tally, before.get(host)?.get(user)?.shown);
        return tally.shown;
      }),
    );
    return this.#shown;
  }

  #forget(removals: number): void {
    this.#hosts = new Map();
    this.#byOwner = new Map();
    this.#rows = 0;
    this.#removals = removals;
  }

  #count(table: SnapshotTable, row: number): void {
    const tally = this.#tallyOf(table.ownerOf(row), row);
    tally.shown = undefined;
    tally.snapshots += 1;
    if (tally.snapshots > 1) {
      if (table.compare(row, tally.newest) > 0) tally.newest = row;
      if (table.compare(row, tally.oldest) < 0) tally.oldest = row;
    }
    addDay(tally.days, Math.floor(table.secondsOf(row) / SECONDS_PER_DAY));
  }

  #tallyOf(owner: Owner, row: number): Tally {
    const known = this.#byOwner.get(owner);
    if (known) return known;
    const user = owner.username || UNKNOWN_USER;
    const users = this.#hosts.get(owner.hostname) ?? new Map<string, Tally>();
    this.#hosts.set(owner.hostname, users);
    const tally = users.get(user) ?? this.#emptyTally(owner.hostname, user, row);
    users.set(user, tally);
    this.#byOwner.set(owner, tally);
    return tally;
  }

  #emptyTally(host: string, user: string, row: number): Tally {
    this.#isNew = true;
    return {
      labels: Object.freeze({ url: this.#url, host, user }),
      snapshots: 0,
      newest: row,
      oldest: row,
      days: [],
      shown: undefined,
    };
  }

  #sort(): void {
    const sorted = <Value>(map: ReadonlyMap<string, Value>): Map<string, Value> =>
      new Map([...map].toSorted(([a], [b]) => (a < b ? -1 : 1)));
    this.#hosts = new Map([...sorted(this.#hosts)].map(([host, users]) => [host, sorted(users)]));
  }
}

/** @param before the set as it was shown before it was counted anew: it stays that object if it came out the same */
function show(table: SnapshotTable, tally: Tally, before: BackupSet | undefined): BackupSet {
  if (
    before?.snapshots === tally.snapshots &&
    before.newest.id === table.idOf(tally.newest) &&
    before.oldest.id === table.idOf(tally.oldest) &&
    before.days.length === tally.days.length &&
    before.days.every((day, index) => day === tally.days[index])
  )
    return before;
  const newest = table.snapshot(tally.newest);
  return {
    labels: before?.labels ?? tally.labels,
    snapshots: tally.snapshots,
    newest,
    oldest: tally.oldest === tally.newest ? newest : table.snapshot(tally.oldest),
    days: [...tally.days],
  };
}

/** Keeps the last of them, newest first. */
function addDay(days: number[], day: number): void {
  const at = days.findIndex((known) => known <= day);
  if (days[at] === day) return;
  days.splice(at < 0 ? days.length : at, 0, day);
  if (days.length > DAYS) days.pop();
}
