import { Rows } from "../../core/rows.ts";
import { Ids } from "../../backends/file-ids.ts";
import type { Snapshot, Summary } from "./snapshot.ts";

/** The host and the user that snapshots name. */
export interface Owner {
  readonly hostname: string;
  readonly username: string;
}

const SUMMARY = [
  "durationSeconds",
  "files",
  "processedBytes",
  "addedBytes",
  "addedStoredBytes",
] as const satisfies readonly (keyof Summary)[];
/** What a row has: numbers of fields. */
const SECONDS = 0;
const NANOSECONDS = 1;
const OWNER = 2;
/** The first of SUMMARY; NaN is what a snapshot does not tell. */
const SUMMARIES = 3;
const FIRST_PLACES = 128;
/** The row that is being added. */
const added = new Float64Array(SUMMARIES + SUMMARY.length);

/**
 * Snapshots as numbers: a hundred bytes each, where an object with its texts takes five hundred. A row keeps its number until
 * another one is removed.
 */
export class SnapshotTable implements Iterable<Snapshot> {
  readonly #ids = new Ids();
  readonly #rows = new Rows(added.length, (length) => new Float64Array(length));
  /** Open addressing by the id, which is a hash already: row + 1, 0 for a free place. */
  #places = new Uint32Array(FIRST_PLACES);
  #names: Owner[] = [];
  readonly #numbers = new Map<string, Map<string, number>>();
  #removals = 0;
  /** The one that is looked for. */
  readonly #sought = new Ids();

  get size(): number {
    return this.#ids.length;
  }

  /** Grows with each removal: rows have other numbers then. */
  get removals(): number {
    return this.#removals;
  }

  /** @param id 64 hex digits */
  has(id: string): boolean {
    this.#sought.clear();
    if (!this.#sought.push(id)) throw new RangeError(`"${id}" is no id of a file`);
    return this.#find(this.#sought, 0) !== undefined;
  }

  /** Those of these that are not there. */
  missing(ids: Ids): readonly string[] {
    const missing: string[] = [];
    for (let index = 0; index < ids.length; index++)
      if (this.#find(ids, index) === undefined) missing.push(ids.at(index));
    return missing;
  }

  /** Adds a snapshot that is not there yet; one that is stays. */
  add({ id, time, hostname, username, summary }: Snapshot): void {
    if (this.has(id)) return;
    const row = this.size;
    if (row * 2 >= this.#places.length) this.#makePlaces();
    this.#ids.push(id);
    added[SECONDS] = time.seconds;
    added[NANOSECONDS] = time.nanoseconds;
    added[OWNER] = this.#ownerNumber(hostname, username);
    SUMMARY.forEach((field, index) => {
      added[SUMMARIES + index] = summary?.[field] ?? Number.NaN;
    });
    this.#rows.push(added);
    this.#place(row);
  }

  /** Removes all others. */
  retain(ids: Ids): void {
    const kept = new Uint8Array(this.size);
    for (let index = 0; index < ids.length; index++) {
      const row = this.#find(ids, index);
      if (row !== undefined) kept[row] = 1;
    }
    if (kept.includes(0)) this.#compact(kept);
  }

  clear(): void {
    this.retain(new Ids());
  }

  /** Negative if the snapshot of row `a` is older than that of `b`; of equal ones the one with the higher id is newer. */
  compare(a: number, b: number): number {
    return (
      this.secondsOf(a) - this.secondsOf(b) ||
      this.#rows.get(a, NANOSECONDS) - this.#rows.get(b, NANOSECONDS) ||
      this.#ids.compare(a, b)
    );
  }

  secondsOf(row: number): number {
    return this.#rows.get(row, SECONDS);
  }

  /** The same object for the same names. */
  ownerOf(row: number): Owner {
    const owner = this.#names[this.#rows.get(row, OWNER)];
    if (!owner) throw new RangeError(`there is no row ${row}`);
    return owner;
  }

  idOf(row: number): string {
    return this.#ids.at(row);
  }

  snapshot(row: number): Snapshot {
    return {
      id: this.idOf(row),
      time: { seconds: this.secondsOf(row), nanoseconds: this.#rows.get(row, NANOSECONDS) },
      ...this.ownerOf(row),
      summary: this.#summaryOf(row),
    };
  }

  *[Symbol.iterator](): Generator<Snapshot> {
    for (let row = 0; row < this.size; row++) yield this.snapshot(row);
  }

  #summaryOf(row: number): Summary | undefined {
    const field = (index: number): number | undefined => {
      const value = this.#rows.get(row, SUMMARIES + index);
      return Number.isNaN(value) ? undefined : value;
    };
    const summary = {
      durationSeconds: field(0),
      files: field(1),
      processedBytes: field(2),
      addedBytes: field(3),
      addedStoredBytes: field(4),
    };
    return SUMMARY.some((name) => summary[name] !== undefined) ? summary : undefined;
  }

  #find(ids: Ids, index: number): number | undefined {
    const mask = this.#places.length - 1;
    for (let place = ids.hash(index) & mask; ; place = (place + 1) & mask) {
      const row = (this.#places[place] ?? 0) - 1;
      if (row < 0) return undefined;
      if (this.#ids.equals(row, ids, index)) return row;
    }
  }

  #place(row: number): void {
    const mask = this.#places.length - 1;
    let place = this.#ids.hash(row) & mask;
    while (this.#places[place] !== 0) place = (place + 1) & mask;
    this.#places[place] = row + 1;
  }

  #ownerNumber(hostname: string, username: string): number {
    const users = this.#numbers.get(hostname) ?? new Map<string, number>();
    this.#numbers.set(hostname, users);
    const known = users.get(username);
    if (known !== undefined) return known;
    users.set(username, this.#names.length);
    return this.#names.push({ hostname, username }) - 1;
  }

  #makePlaces(): void {
    let places = FIRST_PLACES;
    while (places <= this.size * 2) places *= 2;
    if (places === this.#places.length) this.#places.fill(0);
    else this.#places = new Uint32Array(places);
    for (let row = 0; row < this.size; row++) this.#place(row);
  }

  /** Moves the rows that stay together, and forgets the names that nobody has any more. */
  #compact(kept: Uint8Array): void {
    const names = this.#names;
    const numbers = new Map<number, number>();
    this.#ids.keep(kept);
    this.#rows.keep(kept);
    this.#names = [];
    this.#numbers.clear();
    for (let row = 0; row < this.size; row++) {
      const before = this.#rows.get(row, OWNER);
      const owner = names[before];
      const number =
        numbers.get(before) ?? (owner ? this.#ownerNumber(owner.hostname, owner.username) : 0);
      numbers.set(before, number);
      this.#rows.set(row, OWNER, number);
    }
    this.#removals += 1;
    this.#makePlaces();
  }
}
