import { randomInt } from "node:crypto";

/** Bytes of a SHA-256. */
export const ID_BYTES = 32;

/** `data/00` to `data/ff`. */
const FOLDERS = 256;

const MIN_ROWS = 16;

/** Marks of a row, to be combined. */
export const MARK = { indexed: 1, stable: 2, sized: 4 } as const;

/** The rows of the packs of one folder. They grow on their own: to copy all rows of a table at once would block the process. */
class FolderRows {
  ids: Buffer;
  sizes: Float64Array;
  marks: Uint8Array;
  /** Numbers of rows from 1; 0: free. */
  slots: Int32Array;
  count = 0;

  constructor(rows: number) {
    this.ids = Buffer.alloc(rows * ID_BYTES);
    this.sizes = new Float64Array(rows);
    this.marks = new Uint8Array(rows);
    this.slots = new Int32Array(slotsFor(rows));
  }
}

const NO_ROWS = new FolderRows(0);

/**
 * Packs with a size and marks: 50 to 80 bytes each. Rows are never removed. The names may be chosen by an attacker: the hash function is
 * another one in each table.
 */
export class PackTable {
  readonly #folders: (FolderRows | undefined)[] = [];
  readonly #rowsOfFolder: number;
  readonly #factors = Uint32Array.from({ length: ID_BYTES / 4 }, () => randomInt(2 ** 32) | 1);

  /** @param expected the number of rows, about: a table that grows leaves its old rows to the garbage collector */
  constructor(expected = 0) {
    const mean = expected / FOLDERS;
    this.#rowsOfFolder = Math.ceil(mean + 3 * Math.sqrt(mean)) + MIN_ROWS;
  }

  get count(): number {
    return this.#folders.reduce((sum, folder) => sum + (folder?.count ?? 0), 0);
  }

  /**
   * Adds a row, or replaces the size of the row with this id.
   * @param bytes has the id at `at`
   * @returns the number of the row
   */
  put(bytes: Buffer, at: number, size: number): number {
    const number = bytes[at] ?? 0;
    const folder = (this.#folders[number] ??= new FolderRows(this.#rowsOfFolder));
    if (folder.count === folder.sizes.length) this.#grow(folder);
    const slot = this.#slotOf(folder, bytes, at);
    const known = folder.slots[slot] ?? 0;
    const index = known > 0 ? known - 1 : folder.count++;
    folder.sizes[index] = size;
    if (known === 0) {
      bytes.copy(folder.ids, index * ID_BYTES, at, at + ID_BYTES);
      folder.slots[slot] = index + 1;
    }
    return index * FOLDERS + number;
  }

  /** The number of the row with the id at `at`; undefined: there is none. */
  find(bytes: Buffer, at: number): number | undefined {
    const number = bytes[at] ?? 0;
    const folder = this.#folders[number];
    const known = folder ? (folder.slots[this.#slotOf(folder, bytes, at)] ?? 0) : 0;
    return known === 0 ? undefined : (known - 1) * FOLDERS + number;
  }

  /** The row of another table with the same id. */
  rowIn(table: PackTable, row: number): number | undefined {
    return table.find(this.#folderOf(row).ids, indexOf(row) * ID_BYTES);
  }

  /** Numbers of all rows, folder by folder. */
  *rows(): Generator<number> {
    for (const [number, folder] of this.#folders.entries())
      for (let index = 0; index < (folder?.count ?? 0); index++) yield index * FOLDERS + number;
  }

  /** A table of some rows, without marks. */
  filter(isWanted: (row: number) => boolean): PackTable {
    const some = new PackTable();
    for (const row of this.rows())
      if (isWanted(row)) some.put(this.#folderOf(row).ids, indexOf(row) * ID_BYTES, this.size(row));
    return some;
  }

  size(row: number): number {
    return this.#folderOf(row).sizes[indexOf(row)] ?? 0;
  }

  addToSize(row: number, bytes: number): void {
    this.#folderOf(row).sizes[indexOf(row)] = this.size(row) + bytes;
  }

  mark(row: number, marks: number): void {
    const { marks: all } = this.#folderOf(row);
    all[indexOf(row)] = (all[indexOf(row)] ?? 0) | marks;
  }

  /** True if the row has all of the marks. */
  is(row: number, marks: number): boolean {
    return ((this.#folderOf(row).marks[indexOf(row)] ?? 0) & marks) === marks;
  }

  id(row: number): string {
    const from = indexOf(row) * ID_BYTES;
    return this.#folderOf(row).ids.toString("hex", from, from + ID_BYTES);
  }

  /** @param max how many, at most */
  *ids(max: number): Generator<string> {
    let left = max;
    for (const row of this.rows()) {
      if (left-- === 0) return;
      yield this.id(row);
    }
  }

  /** The first two hex digits of the id as a number. */
  folder(row: number): number {
    return row % FOLDERS;
  }

  #folderOf(row: number): FolderRows {
    return this.#folders[row % FOLDERS] ?? NO_ROWS;
  }

  /** The slot of the id, or the free one where it belongs. Linear probing. */
  #slotOf({ ids, slots }: FolderRows, bytes: Buffer, at: number): number {
    const last = slots.length - 1;
    let hash = 0;
    for (let word = 0; word < this.#factors.length; word++)
      hash = (hash + Math.imul(bytes.readInt32LE(at + 4 * word), this.#factors[word] ?? 0)) | 0;
    let slot = (hash ^ (hash >>> 15)) & last;
    for (;;) {
      const row = slots[slot] ?? 0;
      if (row === 0) return slot;
      const from = (row - 1) * ID_BYTES;
      if (bytes.compare(ids, from, from + ID_BYTES, at, at + ID_BYTES) === 0) return slot;
      slot = (slot + 1) & last;
    }
  }

  #grow(folder: FolderRows): void {
    const rows = Math.ceil(1.5 * folder.sizes.length);
    folder.ids = Buffer.concat([folder.ids], rows * ID_BYTES);
    folder.sizes = enlarged(new Float64Array(rows), folder.sizes);
    folder.marks = enlarged(new Uint8Array(rows), folder.marks);
    folder.slots = new Int32Array(slotsFor(rows));
    for (let index = 0; index < folder.count; index++)
      folder.slots[this.#slotOf(folder, folder.ids, index * ID_BYTES)] = index + 1;
  }
}

/** A power of two; a quarter of the slots is free. */
function slotsFor(rows: number): number {
  return 2 ** Math.ceil(Math.log2((4 / 3) * rows + 1));
}

/** The place of a row in its folder. */
function indexOf(row: number): number {
  return Math.floor(row / FOLDERS);
}

function enlarged<Values extends Float64Array | Uint8Array>(values: Values, from: Values): Values {
  values.set(from);
  return values;
}
