import { Rows } from "../core/rows.ts";

const DIGITS = 64;
const BYTES = DIGITS / 2;
const WORDS = BYTES / 4;

/** What a digit is worth, by its character; -1, which is 255 here, for what is none. */
const VALUES = Uint8Array.from({ length: 128 }, (_, code) =>
  "0123456789abcdef".indexOf(String.fromCharCode(code)),
);

/** Of the id that is being read or written: the same memory. */
const words = new Uint32Array(WORDS);
const bytes = Buffer.from(words.buffer);

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
    // Reading ends at what is no digit, and takes capitals: what is written back the same is an id.
    const isId =
      name.length === DIGITS &&
      bytes.write(name, "hex") === BYTES &&
      bytes.toString("hex") === name;
    if (isId) this.#rows.push(words);
    return isId;
  }

  /** The same of the digits that begin at `start`, in ASCII. */
  pushDigits(text: Uint8Array, start: number): boolean {
    for (let byte = 0; byte < BYTES; byte++) {
      const high = VALUES[text[start + 2 * byte] ?? 0] ?? 255;
      const low = VALUES[text[start + 2 * byte + 1] ?? 0] ?? 255;
      if ((high | low) > 15) return false;
      bytes[byte] = (high << 4) | low;
    }
    this.#rows.push(words);
    return true;
  }

  at(index: number): string {
    for (let word = 0; word < WORDS; word++) words[word] = this.#rows.get(index, word);
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
    const [one, other] = [this.at(a), this.at(b)];
    return Number(one > other) - Number(one < other);
  }

  /** Forgets those that are not marked. @param kept a byte for each, 0 for what goes */
  keep(kept: Uint8Array): void {
    this.#rows.keep(kept);
  }

  clear(): void {
    this.#rows.clear();
  }
}
