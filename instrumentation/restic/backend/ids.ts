import { Rows } from "../../core/rows.ts";

const DIGITS = 64;
const BYTES = DIGITS / 2;
const WORDS = BYTES / 4;

/** What a digit is worth, by its character; -1, which is 255 here, for what is none. */
const VALUES = Uint8Array.from({ length: 128 }, (_, code) =>
  "0123456789abcdef".indexOf(String.fromCharCode(code)),
);

/** Of the id that is being read or written. */
const words = new Uint32Array(WORDS);
const bytes = Buffer.alloc(BYTES);
const digits = Buffer.alloc(DIGITS);

/**
 * Ids of files in the order in which they were added: SHA-256 as restic writes it, 64 lowercase hex digits. Each takes 32 bytes outside
 * of the heap, where a text takes a hundred on it, and a hundred thousand of them would outlive the young generation.
 */
export class Ids implements Iterable<string> {
  /** Of the text of one. */
  static readonly DIGITS = DIGITS;
  readonly #rows = new Rows(WORDS, (length) => new Uint32Array(length));

  /** Without those that are none; ids stay the same object. */
  static of(names: Iterable<string>): Ids {
    if (names instanceof Ids) return names;
    const ids = new Ids();
    for (const name of names) ids.push(name);
    return ids;
  }

  get length(): number {
    return this.#rows.length;
  }

  /** Adds a name; false for one that can be no file of restic, which is left out. */
  push(name: string): boolean {
    // What is not ASCII takes more bytes than it has characters, or is cut off: neither is made of digits.
    return name.length === DIGITS && digits.write(name) === DIGITS && this.pushDigits(digits, 0);
  }

  /** The same of the digits that begin at `start`, in ASCII. */
  pushDigits(text: Uint8Array, start: number): boolean {
    for (let word = 0; word < WORDS; word++) {
      const first = start + word * 8;
      let value = 0;
      for (let at = first; at < first + 8; at++) {
        const worth = VALUES[text[at] ?? 0] ?? 255;
        if (worth > 15) return false;
        value = (value << 4) | worth;
      }
      words[word] = value;
    }
    this.#rows.push(words);
    return true;
  }

  at(index: number): string {
    for (let word = 0; word < WORDS; word++)
      bytes.writeUInt32BE(this.#rows.get(index, word), word * 4);
    return bytes.toString("hex");
  }

  *[Symbol.iterator](): Generator<string> {
    for (let index = 0; index < this.length; index++) yield this.at(index);
  }

  /** A part of it, as good as a hash. */
  hash(index: number): number {
    return this.#rows.get(index, 0);
  }

  /** Whether the one here is that of the others there. */
  equals(index: number, others: Ids, there: number): boolean {
    return this.#rows.equals(index, others.#rows, there);
  }

  /** As texts are compared. */
  compare(a: number, b: number): number {
    for (let word = 0; word < WORDS; word++) {
      const difference = this.#rows.get(a, word) - this.#rows.get(b, word);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  /** Forgets those that are not marked. @param kept a byte for each, 0 for what goes */
  keep(kept: Uint8Array): void {
    this.#rows.keep(kept);
  }

  clear(): void {
    this.#rows.clear();
  }
}
