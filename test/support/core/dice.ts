/** Pseudo-random numbers, the same in every run (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number from 0 to `sides` - 1. */
  roll(sides: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * sides);
  }

  /** As `roll`, but small numbers are more likely. */
  low(sides: number): number {
    return this.roll(this.roll(sides) + 1);
  }

  pick<T>(of: readonly T[]): T {
    const one = of[this.roll(of.length)];
    if (one === undefined) throw new Error("there is nothing to pick");
    return one;
  }

  bytes(length: number, sides = 256): Buffer {
    return Buffer.from(Array.from({ length }, () => this.roll(sides)));
  }

  hex(digits: number): string {
    return Array.from({ length: digits }, () => this.roll(16).toString(16)).join("");
  }
}
