import { randomInt } from "node:crypto";

/** Bytes of a SHA-256. */
export const ID_BYTES = 32;

const MIN_ROWS = 1024;

/** Marks of a row, to be combined. */
export const MARK = { indexed: 1, stable: 2, sized: 4 } as const;

/**
 * Packs with a size and marks: about 50 bytes each. Rows are never removed. The names may be chosen by an attacker: the hash function is
 * another one in each table.
 */
export class PackTable {
  #ids = Buffer.alloc(MIN_ROWS * ID_BYTES);
  #sizes = new Float64Array(MIN_ROWS);
  #marks = new Uint8Array(MIN_ROWS);
  /** Numbers of rows from 1; 0: free. The length is a power of two. */
  #slots = new Int32Array(2 * MIN_ROWS);
  #count = 0;
  readonly #factors = Uint32Array.from({ length: ID_BYTES / 4 }, () => randomInt(2 ** 32) | 1);

  get count(): number {
    return this.#count;
  }

  /**
   * Adds a row, or replaces the size of the row with this id.
   * @param bytes has the id at `at`
   * @returns the number of the row
   */
  put(bytes: Buffer, at: number, size: number): number {
    const slot = this.#slotOf(bytes, at);
    const known = this.#slots[slot] ?? 0;
    if (known > 0) {
      this.#sizes[known - 1] = size;
      return known - 1;
    }
    if (this.#count === this.#sizes.length) {
      this.#grow();
      return this.put(bytes, at, size);
    }
    const row = this.#count++;
    bytes.copy(this.#ids, row * ID_BYTES, at, at + ID_BYTES);
    this.#sizes[row] = size;
    this.#slots[slot] = row + 1;
    return row;
  }

  /** The number of the row with the id at `at`; undefined: there is none. */
  find(bytes: Buffer, at: number): number | undefined {
    const row = this.#slots[this.#slotOf(bytes, at)] ?? 0;
    return row === 0 ? undefined : row - 1;
  }

  /** The row of another table with the same id. */
  rowIn(table: PackTable, row: number): number | undefined {
    return table.find(this.#ids, row * ID_BYTES);
  }

  /** A table of some rows, without marks. */
  filter(isWanted: (row: number) => boolean): PackTable {
    const some = new PackTable();
    for (let row = 0; row < this.#count; row++)
      if (isWanted(row)) some.put(this.#ids, row * ID_BYTES, this.size(row));
    return some;
  }

  size(row: number): number {
    return this.#sizes[row] ?? 0;
  }

  addToSize(row: number, bytes: number): void {
    this.#sizes[row] = this.size(row) + bytes;
  }

  mark(row: number, marks: number): void {
    this.#marks[row] = (this.#marks[row] ?? 0) | marks;
  }

  /** True if the row has all of the marks. */
  is(row: number, marks: number): boolean {
    return ((this.#marks[row] ?? 0) & marks) === marks;
  }

  id(row: number): string {
    return this.#ids.toString("hex", row * ID_BYTES, (row + 1) * ID_BYTES);
  }

  /** @param max how many, at most */
  *ids(max: number): Generator<string> {
    for (let row = 0; row < Math.min(max, this.#count); row++) yield this.id(row);
  }

  /** The first two hex digits of the id as a number. */
  folder(row: number): number {
    return this.#ids[row * ID_BYTES] ?? 0;
  }

  /** The slot of the id, or the free one where it belongs. Linear probing; at most half of the slots are taken. */
  #slotOf(bytes: Buffer, at: number): number {
    const last = this.#slots.length - 1;
    let hash = 0;
    for (let word = 0; word < this.#factors.length; word++)
      hash = (hash + Math.imul(bytes.readInt32LE(at + 4 * word), this.#factors[word] ?? 0)) | 0;
    let slot = (hash ^ (hash >>> 15)) & last;
    for (;;) {
      const row = this.#slots[slot] ?? 0;
      if (row === 0) return slot;
      const from = (row - 1) * ID_BYTES;
      if (bytes.compare(this.#ids, from, from + ID_BYTES, at, at + ID_BYTES) === 0) return slot;
      slot = (slot + 1) & last;
    }
  }

  #grow(): void {
    const rows = 2 * this.#sizes.length;
    this.#ids = Buffer.concat([this.#ids], rows * ID_BYTES);
    this.#sizes = enlarged(new Float64Array(rows), this.#sizes);
    this.#marks = enlarged(new Uint8Array(rows), this.#marks);
    this.#slots = new Int32Array(2 * rows);
    for (let row = 0; row < this.#count; row++)
      this.#slots[this.#slotOf(this.#ids, row * ID_BYTES)] = row + 1;
  }
}

function enlarged<Values extends Float64Array | Uint8Array>(values: Values, from: Values): Values {
  values.set(from);
  return values;
}
