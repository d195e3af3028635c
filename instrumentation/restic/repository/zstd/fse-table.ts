import type { Input } from "./input.ts";

/** Of the numbers that a table stands for: six bits of a state. */
const MAX_SYMBOLS = 64;

/** Scratch of building one table. */
const counts = new Int16Array(MAX_SYMBOLS);
const nexts = new Uint16Array(MAX_SYMBOLS);

/**
 * States of Finite State Entropy, RFC 8878, section 4.1: each is the symbol (6 bits), how many bits are to be read (4 bits),
 * and what they are added to for the next state.
 */
export class FseTable {
  readonly states: Int32Array;
  /** How many bits give the first state. */
  log = 0;
  readonly #maxLog: number;
  readonly #maxSymbol: number;

  constructor(maxLog: number, maxSymbol: number) {
    this.states = new Int32Array(1 << maxLog);
    this.#maxLog = maxLog;
    this.#maxSymbol = maxSymbol;
  }

  /** A table that a format defines by its counts. */
  static of(log: number, predefined: readonly number[]): FseTable {
    const table = new FseTable(log, predefined.length - 1);
    counts.set(predefined);
    table.#build(log, predefined.length);
    return table;
  }

  /** The same symbol always. False if there is none such. */
  always(symbol: number): boolean {
    this.states[0] = symbol;
    this.log = 0;
    return symbol <= this.#maxSymbol;
  }

  /** Reads the description of a table, section 4.1.1: where it ends, or 0 if it is damaged. */
  read({ bytes }: Input, start: number, end: number): number {
    if (start >= end) return 0;
    const first = bytes[start] ?? 0;
    const log = (first & 15) + 5;
    if (log > this.#maxLog) return 0;
    const maxSymbol = this.#maxSymbol;
    let held = first >> 4;
    let bits = 4;
    let at = start + 1;
    let threshold = 1 << log;
    let width = log + 1;
    let remaining = threshold + 1;
    let symbol = 0;
    let isRun = false;
    while (remaining > 1) {
      for (; bits < 16; bits += 8) {
        if (at < end) held |= (bytes[at] ?? 0) << bits;
        at += 1;
      }
      if (isRun) {
        const run = held & 3;
        held >>= 2;
        bits -= 2;
        isRun = run === 3;
        if (symbol + run > maxSymbol) return 0;
        for (const last = symbol + run; symbol < last; symbol += 1) counts[symbol] = 0;
      } else {
        if (symbol > maxSymbol) return 0;
        // Small values take a bit less: as many as there is no need of above `remaining`.
        const spare = 2 * threshold - 1 - remaining;
        let value = held & (threshold - 1);
        let used = width - 1;
        if (value >= spare) {
          value = held & (2 * threshold - 1);
          used = width;
          if (value >= threshold) value -= spare;
        }
        held >>= used;
        bits -= used;
        const count = value - 1;
        counts[symbol] = count;
        symbol += 1;
        remaining -= count < 0 ? 1 : count;
        isRun = count === 0;
        while (remaining < threshold) {
          threshold >>= 1;
          width -= 1;
        }
      }
    }
    const after = at - (bits >> 3);
    if (after > end) return 0;
    this.#build(log, symbol);
    return after;
  }

  /** From `counts`, whose sum is the size, -1 being one too. Section 4.1.1, from "symbols are scanned in natural order". */
  #build(log: number, symbols: number): void {
    const { states } = this;
    const size = 1 << log;
    const mask = size - 1;
    const step = (size >> 1) + (size >> 3) + 3;
    let high = mask;
    for (let symbol = 0; symbol < symbols; symbol += 1) {
      const count = counts[symbol] ?? 0;
      nexts[symbol] = count < 0 ? 1 : count;
      if (count < 0) {
        states[high] = symbol;
        high -= 1;
      }
    }
    let at = 0;
    for (let symbol = 0; symbol < symbols; symbol += 1) {
      for (let left = counts[symbol] ?? 0; left > 0; left -= 1) {
        states[at] = symbol;
        do at = (at + step) & mask;
        while (at > high);
      }
    }
    for (let state = 0; state < size; state += 1) {
      const symbol = states[state] ?? 0;
      const next = nexts[symbol] ?? 0;
      nexts[symbol] = next + 1;
      const bits = log - 31 + Math.clz32(next);
      states[state] = (((next << bits) - size) << 10) | (bits << 6) | symbol;
    }
    this.log = log;
  }
}
