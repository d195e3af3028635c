import { randomInt } from "node:crypto";

/**
 * A set of ids, of which the first 8 bytes count: two numbers of 32 bits. Among 4 million ids the chance that two have the same is one in
 * two million. 11 bytes of memory each.
 */
export class HashSet {
  #high: Uint32Array;
  #low: Uint32Array;
  #count = 0;
  /** The id that marks a free slot. */
  #hasZero = false;
  readonly #factors = [randomInt(2 ** 32) | 1, randomInt(2 ** 32) | 1] as const;

  /** @param expected the number of ids, at most */
  constructor(expected: number) {
    const slots = Math.ceil((Math.max(expected, 512) * 4) / 3);
    this.#high = new Uint32Array(slots);
    this.#low = new Uint32Array(slots);
  }

  /** @returns true if the id was not in the set */
  add(high: number, low: number): boolean {
    if (high === 0 && low === 0) {
      const isNew = !this.#hasZero;
      this.#hasZero = true;
      return isNew;
    }
    const slot = this.#slotOf(high, low);
    if (this.#high[slot] === high && this.#low[slot] === low) return false;
    if (4 * this.#count > 3 * this.#high.length) throw new RangeError("more ids than expected");
    this.#count += 1;
    this.#high[slot] = high;
    this.#low[slot] = low;
    return true;
  }

  has(high: number, low: number): boolean {
    if (high === 0 && low === 0) return this.#hasZero;
    const slot = this.#slotOf(high, low);
    return this.#high[slot] === high && this.#low[slot] === low;
  }

  /** The slot of the id, or the free one where it belongs. Linear probing; about a quarter of the slots is free. */
  #slotOf(high: number, low: number): number {
    const slots = this.#high.length;
    const hash = Math.imul(high, this.#factors[0]) + Math.imul(low, this.#factors[1]);
    let slot = ((hash ^ (hash >>> 15)) >>> 0) % slots;
    while (
      (this.#high[slot] !== 0 || this.#low[slot] !== 0) &&
      (this.#high[slot] !== high || this.#low[slot] !== low)
    )
      slot = slot + 1 === slots ? 0 : slot + 1;
    return slot;
  }
}
