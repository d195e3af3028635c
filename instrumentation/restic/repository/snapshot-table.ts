import type { Snapshot, Summary } from "./snapshot.ts";

/** The host and the user that snapshots name. */
export interface Owner {
  readonly hostname: string;
  readonly username: string;
}

const ID_BYTES = 32;
const SUMMARY = [
  "durationSeconds",
  "files",
  "processedBytes",
  "addedBytes",
  "addedStoredBytes",
] as const satisfies readonly (keyof Summary)[];
const FIELDS = SUMMARY.length;
const FIRST_CAPACITY = 64;

/**
 * Snapshots as columns: a hundred bytes each, where an object with its texts takes five hundred. A row keeps its number until
 * another one is removed.
 */
export class SnapshotTable implements Iterable<Snapshot> {
  #size = 0;
  #ids = new Uint8Array(FIRST_CAPACITY * ID_BYTES);
  #seconds = new Float64Array(FIRST_CAPACITY);
  #nanoseconds = new Uint32Array(FIRST_CAPACITY);
  #owners = new Uint32Array(FIRST_CAPACITY);
  /** NaN is what a snapshot does not tell. */
  #summaries = new Float64Array(FIRST_CAPACITY * FIELDS);
  /** Open addressing by the first bytes of the id, which is a hash already: row + 1, 0 for a free place. */
  #places = new Uint32Array(FIRST_CAPACITY * 2);
  #names: Owner[] = [];
  readonly #numbers = new Map<string, Map<string, number>>();
  #removals = 0;
  readonly #scratch = Buffer.alloc(ID_BYTES);

  get size(): number {
    return this.#size;
  }

  /** Grows with each removal: rows have other numbers then. */
  get removals(): number {
    return this.#removals;
  }

  /** @param id 64 hex digits */
  has(id: string): boolean {
    return this.#find(id) !== undefined;
  }

  /** Adds a snapshot that is not there yet; one that is stays. */
  add({ id, time, hostname, username, summary }: Snapshot): void {
    if (this.has(id)) return;
    if (this.#size === this.#seconds.length) this.#resize(this.#seconds.length * 2);
    const row = this.#size;
    this.#size += 1;
    this.#ids.set(this.#scratch, row * ID_BYTES);
    this.#seconds[row] = time.seconds;
    this.#nanoseconds[row] = time.nanoseconds;
    this.#owners[row] = this.#ownerNumber(hostname, username);
    SUMMARY.forEach((field, index) => {
      this.#summaries[row * FIELDS + index] = summary?.[field] ?? Number.NaN;
    });
    this.#place(row);
  }

  /** Removes all others. */
  retain(ids: Iterable<string>): void {
    const kept = new Uint8Array(this.#size);
    for (const id of ids) {
      const row = this.#find(id);
      if (row !== undefined) kept[row] = 1;
    }
    if (kept.includes(0)) this.#compact(kept);
  }

  clear(): void {
    this.retain([]);
  }

  /** Negative if the snapshot of row `a` is older than that of `b`; of equal ones the one with the higher id is newer. */
  compare(a: number, b: number): number {
    return (
      this.secondsOf(a) - this.secondsOf(b) ||
      (this.#nanoseconds[a] ?? 0) - (this.#nanoseconds[b] ?? 0) ||
      Buffer.compare(this.#bytesOf(a), this.#bytesOf(b))
    );
  }

  secondsOf(row: number): number {
    return this.#seconds[row] ?? Number.NaN;
  }

  /** The same object for the same names. */
  ownerOf(row: number): Owner {
    const owner = this.#names[this.#owners[row] ?? 0];
    if (!owner) throw new RangeError(`there is no row ${row}`);
    return owner;
  }

  idOf(row: number): string {
    return Buffer.from(this.#ids.buffer, row * ID_BYTES, ID_BYTES).toString("hex");
  }

  snapshot(row: number): Snapshot {
    return {
      id: this.idOf(row),
      time: { seconds: this.secondsOf(row), nanoseconds: this.#nanoseconds[row] ?? 0 },
      ...this.ownerOf(row),
      summary: this.#summaryOf(row),
    };
  }

  *[Symbol.iterator](): Generator<Snapshot> {
    for (let row = 0; row < this.#size; row++) yield this.snapshot(row);
  }

  #bytesOf(row: number): Uint8Array {
    return this.#ids.subarray(row * ID_BYTES, (row + 1) * ID_BYTES);
  }

  #summaryOf(row: number): Summary | undefined {
    const field = (index: number): number | undefined => {
      const value = this.#summaries[row * FIELDS + index];
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

  /** The row of an id, which is in the scratch buffer afterwards. */
  #find(id: string): number | undefined {
    const written = this.#scratch.write(id, "hex");
    if (written !== ID_BYTES || id.length !== 2 * ID_BYTES)
      throw new RangeError(`"${id}" is no id of a file`);
    const mask = this.#places.length - 1;
    for (let place = this.#scratch.readUInt32LE(0) & mask; ; place = (place + 1) & mask) {
      const row = (this.#places[place] ?? 0) - 1;
      if (row < 0) return undefined;
      const at = row * ID_BYTES;
      if (this.#scratch.compare(this.#ids, at, at + ID_BYTES) === 0) return row;
    }
  }

  #place(row: number): void {
    const at = row * ID_BYTES;
    const mask = this.#places.length - 1;
    let place = this.#firstBytes(at) & mask;
    while (this.#places[place] !== 0) place = (place + 1) & mask;
    this.#places[place] = row + 1;
  }

  #firstBytes(at: number): number {
    const byte = (index: number): number => this.#ids[at + index] ?? 0;
    return byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24);
  }

  #ownerNumber(hostname: string, username: string): number {
    const users = this.#numbers.get(hostname) ?? new Map<string, number>();
    this.#numbers.set(hostname, users);
    const known = users.get(username);
    if (known !== undefined) return known;
    users.set(username, this.#names.length);
    return this.#names.push({ hostname, username }) - 1;
  }

  #resize(capacity: number): void {
    const sized = <Column extends Uint8Array | Uint32Array | Float64Array>(
      column: Column,
      empty: Column,
    ): Column => {
      empty.set(column.subarray(0, empty.length));
      return empty;
    };
    this.#ids = sized(this.#ids, new Uint8Array(capacity * ID_BYTES));
    this.#seconds = sized(this.#seconds, new Float64Array(capacity));
    this.#nanoseconds = sized(this.#nanoseconds, new Uint32Array(capacity));
    this.#owners = sized(this.#owners, new Uint32Array(capacity));
    this.#summaries = sized(this.#summaries, new Float64Array(capacity * FIELDS));
    this.#places = new Uint32Array(capacity * 2);
    for (let row = 0; row < this.#size; row++) this.#place(row);
  }

  /** Moves the rows that stay together, and forgets the names that nobody has any more. */
  #compact(kept: Uint8Array): void {
    const names = this.#names;
    const numbers = new Map<number, number>();
    this.#names = [];
    this.#numbers.clear();
    let to = 0;
    for (let row = 0; row < kept.length; row++) {
      if (kept[row] === 0) continue;
      this.#ids.copyWithin(to * ID_BYTES, row * ID_BYTES, (row + 1) * ID_BYTES);
      this.#seconds.copyWithin(to, row, row + 1);
      this.#nanoseconds.copyWithin(to, row, row + 1);
      this.#summaries.copyWithin(to * FIELDS, row * FIELDS, (row + 1) * FIELDS);
      const before = this.#owners[row] ?? 0;
      const owner = names[before];
      const number =
        numbers.get(before) ?? (owner ? this.#ownerNumber(owner.hostname, owner.username) : 0);
      numbers.set(before, number);
      this.#owners[to] = number;
      to += 1;
    }
    this.#size = to;
    this.#removals += 1;
    this.#resize(Math.max(FIRST_CAPACITY, 2 ** Math.ceil(Math.log2(to + 1))));
  }
}
