const PIECE_ROWS = 1024;
const FIRST_ROWS = 16;

/**
 * Rows of numbers in pieces of some ten KB. Large blocks that are given back make glibc keep up to twice as much of whatever is freed
 * later, in each of its arenas (mallopt(3), M_MMAP_THRESHOLD).
 */
export class Rows<Numbers extends Float64Array | Uint32Array> {
  readonly #width: number;
  readonly #make: (length: number) => Numbers;
  readonly #pieces: Numbers[] = [];
  #length = 0;

  /** @param make gives numbers that are 0 */
  constructor(width: number, make: (length: number) => Numbers) {
    this.#width = width;
    this.#make = make;
  }

  get length(): number {
    return this.#length;
  }

  /** @param row one that is there */
  get(row: number, field: number): number {
    const at = (row % PIECE_ROWS) * this.#width + field;
    return this.#pieces[Math.trunc(row / PIECE_ROWS)]?.[at] ?? Number.NaN;
  }

  set(row: number, field: number, value: number): void {
    const piece = this.#pieces[Math.trunc(row / PIECE_ROWS)];
    if (piece) piece[(row % PIECE_ROWS) * this.#width + field] = value;
  }

  push(values: ArrayLike<number>): void {
    const index = Math.trunc(this.#length / PIECE_ROWS);
    const row = this.#length % PIECE_ROWS;
    let piece = this.#pieces[index];
    if (!piece || piece.length === row * this.#width) piece = this.#enlarge(index, row);
    piece.set(values, row * this.#width);
    this.#length += 1;
  }

  /** Whether a row here has the numbers of one there, which is as wide. @param row one that is there, as `there` */
  equals(row: number, others: Rows<Numbers>, there: number): boolean {
    const piece = this.#pieces[Math.trunc(row / PIECE_ROWS)];
    const other = others.#pieces[Math.trunc(there / PIECE_ROWS)];
    if (!piece || !other) return false;
    const at = (row % PIECE_ROWS) * this.#width;
    const otherAt = (there % PIECE_ROWS) * this.#width;
    for (let field = 0; field < this.#width; field++)
      if (piece[at + field] !== other[otherAt + field]) return false;
    return true;
  }

  /** Moves the rows that are marked together and forgets the others. @param kept a byte for each, 0 for what goes */
  keep(kept: Uint8Array): void {
    const rows = this.#length;
    this.#length = 0;
    for (let row = 0; row < rows; row++) if (kept[row] !== 0) this.push(this.#at(row));
    this.#pieces.length = Math.ceil(this.#length / PIECE_ROWS);
  }

  clear(): void {
    this.#length = 0;
  }

  #at(row: number): ArrayLike<number> {
    const at = (row % PIECE_ROWS) * this.#width;
    return this.#pieces[Math.trunc(row / PIECE_ROWS)]?.subarray(at, at + this.#width) ?? [];
  }

  /** A repository with a few snapshots takes little. */
  #enlarge(index: number, rows: number): Numbers {
    const least = index === 0 ? FIRST_ROWS : PIECE_ROWS;
    const piece = this.#make(Math.max(least, rows * 2) * this.#width);
    const before = this.#pieces[index];
    if (before) piece.set(before);
    this.#pieces[index] = piece;
    return piece;
  }
}
