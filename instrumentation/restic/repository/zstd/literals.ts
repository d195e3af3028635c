import { HuffmanTable } from "./huffman-table.ts";
import type { Input } from "./input.ts";

const RAW = 0;
const REPEATED = 1;
const COMPRESSED = 2;

/** The literals of one block, RFC 8878, section 3.1.1.3.1. */
export class Literals {
  /** What they are in: raw ones stay in the frame. */
  bytes: Uint8Array;
  start = 0;
  end = 0;
  readonly #own: Uint8Array;
  readonly #table = new HuffmanTable();
  #hasTable = false;

  constructor(maxBytes: number) {
    this.#own = new Uint8Array(maxBytes);
    this.bytes = this.#own;
  }

  /** A new frame begins: there is no table that it may take again. */
  reset(): void {
    this.#hasTable = false;
  }

  /** Where the section ends; 0 if it is damaged, or has more than `max` literals. */
  read(input: Input, start: number, end: number, max: number): number {
    const word = input.view.getInt32(start, true);
    const type = word & 3;
    const format = (word >> 2) & 3;
    if (type >= COMPRESSED) return this.#readCompressed(input, start, end, max);
    let at = start + 1;
    let size = (word >> 3) & 0x1f;
    if (format === 1) {
      at = start + 2;
      size = (word >> 4) & 0xfff;
    } else if (format === 3) {
      at = start + 3;
      size = (word >> 4) & 0xfffff;
    }
    const after = type === RAW ? at + size : at + 1;
    if (size > max || after > end) return 0;
    if (type === REPEATED) {
      this.#own.fill(input.bytes[at] ?? 0, 0, size);
      this.bytes = this.#own;
      this.start = 0;
    } else {
      this.bytes = input.bytes;
      this.start = at;
    }
    this.end = this.start + size;
    return after;
  }

  #readCompressed(input: Input, start: number, end: number, max: number): number {
    const word = input.view.getInt32(start, true);
    const format = (word >> 2) & 3;
    let at = start + 3;
    let size = (word >> 4) & 0x3ff;
    let stored = (word >> 14) & 0x3ff;
    if (format === 2) {
      at = start + 4;
      size = (word >> 4) & 0x3fff;
      stored = (word >> 18) & 0x3fff;
    } else if (format === 3) {
      at = start + 5;
      size = (word >> 4) & 0x3ffff;
      stored = ((word >> 22) & 0x3ff) | ((input.bytes[start + 4] ?? 0) << 10);
    }
    const after = at + stored;
    if (size === 0 || size > max || after > end) return 0;
    if ((word & 3) === COMPRESSED) {
      at = this.#table.read(input, at, after);
      if (at === 0) return 0;
      this.#hasTable = true;
    } else if (!this.#hasTable) return 0;
    const isRight =
      format === 0
        ? this.#table.decode(input, at, after, this.#own, 0, size)
        : this.#decodeFour(input, at, after, size);
    this.bytes = this.#own;
    this.start = 0;
    this.end = size;
    return isRight ? after : 0;
  }

  /** Four streams, the sizes of the first three before them, section 3.1.1.3.1.6. */
  #decodeFour(input: Input, start: number, end: number, size: number): boolean {
    if (size < 6 || end - start < 10) return false;
    const { view } = input;
    const table = this.#table;
    const own = this.#own;
    const part = (size + 3) >> 2;
    const first = start + 6;
    const second = first + view.getUint16(start, true);
    const third = second + view.getUint16(start + 2, true);
    const fourth = third + view.getUint16(start + 4, true);
    return (
      fourth < end &&
      table.decode(input, first, second, own, 0, part) &&
      table.decode(input, second, third, own, part, 2 * part) &&
      table.decode(input, third, fourth, own, 2 * part, 3 * part) &&
      table.decode(input, fourth, end, own, 3 * part, size)
    );
  }
}
