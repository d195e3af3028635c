import { FseTable } from "./fse-table.ts";
import type { Input } from "./input.ts";

const MAX_BITS = 11;
const MAX_WEIGHTS = 255;

/** Codes of literals, RFC 8878, section 4.2: what the next bits stand for (8 bits), and how many of them (4 bits). */
export class HuffmanTable {
  readonly #entries = new Uint16Array(1 << MAX_BITS);
  #log = 0;
  readonly #weights = new Uint8Array(MAX_WEIGHTS + 1);
  readonly #weightStates = new FseTable(6, MAX_BITS);
  readonly #ranks = new Int32Array(MAX_BITS + 1);

  /** Reads the description of a table, section 4.2.1: where it ends, or 0 if it is damaged. */
  read(input: Input, start: number, end: number): number {
    if (start >= end) return 0;
    const { bytes } = input;
    const weights = this.#weights;
    const header = bytes[start] ?? 0;
    const at = start + 1;
    if (header < 128) {
      const after = at + header;
      return after <= end && this.#build(this.#readWeights(input, at, after)) ? after : 0;
    }
    const count = header - 127;
    const after = at + ((count + 1) >> 1);
    if (after > end) return 0;
    for (let each = 0; each < count; each += 1) {
      const pair = bytes[at + (each >> 1)] ?? 0;
      weights[each] = each & 1 ? pair & 15 : pair >> 4;
    }
    return this.#build(count) ? after : 0;
  }

  /** Two states take turns until bits are short, section 4.2.1.2. How many weights there are, or 0. */
  #readWeights(input: Input, start: number, end: number): number {
    const table = this.#weightStates;
    const at = table.read(input, start, end);
    const last = input.bytes[end - 1] ?? 0;
    if (at === 0 || at >= end || last === 0) return 0;
    const { view } = input;
    const { states, log } = table;
    const weights = this.#weights;
    const floor = at * 8;
    let bit = end * 8 - 1 - log - (Math.clz32(last) - 24);
    if (bit - log < floor) return 0;
    const mask = (1 << log) - 1;
    let state = (view.getInt32(bit >> 3, true) >> (bit & 7)) & mask;
    bit -= log;
    let other = (view.getInt32(bit >> 3, true) >> (bit & 7)) & mask;
    for (let count = 0; count < MAX_WEIGHTS - 1; count += 1) {
      const entry = states[state] ?? 0;
      weights[count] = entry & 63;
      const width = (entry >> 6) & 15;
      bit -= width;
      if (bit < floor) {
        weights[count + 1] = (states[other] ?? 0) & 63;
        return count + 2;
      }
      const added = (view.getInt32(bit >> 3, true) >> (bit & 7)) & ((1 << width) - 1);
      state = other;
      other = (entry >> 10) + added;
    }
    return 0;
  }

  /** From the weights of all symbols but the last, which is what is missing to a power of two. False if it cannot be. */
  #build(count: number): boolean {
    const entries = this.#entries;
    const weights = this.#weights;
    const ranks = this.#ranks;
    for (let weight = 0; weight <= MAX_BITS; weight += 1) ranks[weight] = 0;
    let sum = 0;
    for (let symbol = 0; symbol < count; symbol += 1) {
      const weight = weights[symbol] ?? 0;
      if (weight > MAX_BITS) return false;
      ranks[weight] = (ranks[weight] ?? 0) + 1;
      sum += (1 << weight) >> 1;
    }
    const log = 32 - Math.clz32(sum);
    if (sum === 0 || log > MAX_BITS) return false;
    const missing = (1 << log) - sum;
    if ((missing & (missing - 1)) !== 0) return false;
    const lastWeight = 32 - Math.clz32(missing);
    weights[count] = lastWeight;
    ranks[lastWeight] = (ranks[lastWeight] ?? 0) + 1;
    if ((ranks[1] ?? 0) < 2) return false;
    for (let weight = 1, next = 0; weight <= log; weight += 1) {
      const symbols = ranks[weight] ?? 0;
      ranks[weight] = next;
      next += symbols << (weight - 1);
    }
    for (let symbol = 0; symbol <= count; symbol += 1) {
      const weight = weights[symbol] ?? 0;
      if (weight !== 0) {
        const entry = (symbol << 4) | (log + 1 - weight);
        let at = ranks[weight] ?? 0;
        const until = at + (1 << (weight - 1));
        ranks[weight] = until;
        for (; at < until; at += 1) entries[at] = entry;
      }
    }
    this.#log = log;
    return true;
  }

  /** Decodes one stream, read backwards, section 4.2.2. False unless it gives just these literals. */
  decode(
    { bytes }: Input,
    start: number,
    end: number,
    to: Uint8Array,
    from: number,
    until: number,
  ): boolean {
    const entries = this.#entries;
    const log = this.#log;
    const mask = (1 << log) - 1;
    let at = end - 1;
    let held = start < end ? (bytes[at] ?? 0) : 0;
    if (held === 0) return false;
    let bits = 31 - Math.clz32(held);
    for (let each = from; each < until; each += 1) {
      if (bits < log) {
        if (at - 2 >= start) {
          held = (held << 16) | ((bytes[at - 1] ?? 0) << 8) | (bytes[at - 2] ?? 0);
        } else {
          held = (held << 16) | (at - 1 >= start ? (bytes[at - 1] ?? 0) << 8 : 0);
        }
        at -= 2;
        bits += 16;
      }
      const entry = entries[(held >> (bits - log)) & mask] ?? 0;
      to[each] = entry >> 4;
      bits -= entry & 15;
    }
    return (at - start) * 8 + bits === 0;
  }
}
