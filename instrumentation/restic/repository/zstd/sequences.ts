import {
  LITERALS_LENGTHS,
  literalsLengthCodes,
  MATCH_LENGTHS,
  matchLengthCodes,
  offsetCodes,
} from "./codes.ts";
import type { Input } from "./input.ts";
import type { Literals } from "./literals.ts";

/** Of a larger code the offset is beyond all that a small frame holds. */
const MAX_OFFSET_CODE = 16;

/** The sequences of one block, RFC 8878, section 3.1.1.3.2: literals and repetitions take turns. */
export class Sequences {
  readonly #literalsLengths = literalsLengthCodes();
  readonly #offsets = offsetCodes();
  readonly #matchLengths = matchLengthCodes();
  #count = 0;
  /** The last three offsets, section 3.1.1.5. */
  #recent = 1;
  #second = 4;
  #third = 8;

  /** A new frame begins. */
  reset(): void {
    this.#literalsLengths.reset();
    this.#offsets.reset();
    this.#matchLengths.reset();
    this.#recent = 1;
    this.#second = 4;
    this.#third = 8;
  }

  /**
   * Writes what the section of sequences between `start` and `end` makes of the literals.
   * @param from where in `output` the block begins
   * @param until what it may not go beyond
   * @param window the largest offset that is allowed
   * @returns where in `output` the block ends; -1 if it is damaged
   */
  execute(
    input: Input,
    start: number,
    end: number,
    literals: Literals,
    output: Uint8Array,
    from: number,
    until: number,
    window: number,
  ): number {
    const at = this.#readHeader(input, start, end);
    if (at === 0) return -1;
    let to = from;
    if (this.#count > 0) {
      to = this.#run(input, at, end, literals, output, from, until, window);
      if (to < 0) return -1;
    } else if (at !== end) return -1;
    const { bytes, end: lastLiteral } = literals;
    let literal = literals.start;
    if (to + lastLiteral - literal > until) return -1;
    for (; literal < lastLiteral; literal += 1, to += 1) output[to] = bytes[literal] ?? 0;
    return to;
  }

  /** How many, and their tables. Where the bits begin; 0 if it is damaged. */
  #readHeader(input: Input, start: number, end: number): number {
    if (start >= end) return 0;
    const { bytes } = input;
    const first = bytes[start] ?? 0;
    this.#count = first;
    let at = start + 1;
    if (first === 0) return at;
    if (first === 255) {
      this.#count = input.view.getUint16(at, true) + 0x7f00;
      at += 2;
    } else if (first > 127) {
      this.#count = ((first - 128) << 8) | (bytes[at] ?? 0);
      at += 1;
    }
    const modes = bytes[at] ?? 0;
    at += 1;
    if (this.#count === 0 || at >= end || (modes & 3) !== 0) return 0;
    at = this.#literalsLengths.read(input, modes >> 6, at, end);
    if (at !== 0) at = this.#offsets.read(input, (modes >> 4) & 3, at, end);
    if (at !== 0) at = this.#matchLengths.read(input, (modes >> 2) & 3, at, end);
    return at;
  }

  /** The bits are read backwards. Leaves the literals that no sequence takes. */
  #run(
    { bytes, view }: Input,
    start: number,
    end: number,
    literals: Literals,
    output: Uint8Array,
    from: number,
    until: number,
    window: number,
  ): number {
    const last = bytes[end - 1] ?? 0;
    if (start >= end || last === 0) return -1;
    const literalsLengthTable = this.#literalsLengths.current;
    const offsetTable = this.#offsets.current;
    const matchLengthTable = this.#matchLengths.current;
    const literalsLengthStates = literalsLengthTable.states;
    const offsetStates = offsetTable.states;
    const matchLengthStates = matchLengthTable.states;
    const literalBytes = literals.bytes;
    const literalsEnd = literals.end;
    let literal = literals.start;
    let recent = this.#recent;
    let second = this.#second;
    let third = this.#third;
    let to = from;

    // Each sequence takes less than ten bytes, and is checked when it is read: what is read is near the block at most.
    const floor = start * 8;
    let bit = end * 8 - 1 - (Math.clz32(last) - 24);
    let width = literalsLengthTable.log;
    bit -= width;
    let literalsLengthState = (view.getInt32(bit >> 3, true) >> (bit & 7)) & ((1 << width) - 1);
    width = offsetTable.log;
    bit -= width;
    let offsetState = (view.getInt32(bit >> 3, true) >> (bit & 7)) & ((1 << width) - 1);
    width = matchLengthTable.log;
    bit -= width;
    let matchLengthState = (view.getInt32(bit >> 3, true) >> (bit & 7)) & ((1 << width) - 1);

    for (let left = this.#count; ;) {
      const literalsLengthEntry = literalsLengthStates[literalsLengthState] ?? 0;
      const offsetEntry = offsetStates[offsetState] ?? 0;
      const matchLengthEntry = matchLengthStates[matchLengthState] ?? 0;
      const offsetCode = offsetEntry & 63;
      if (offsetCode > MAX_OFFSET_CODE) return -1;
      bit -= offsetCode;
      const mask = (1 << offsetCode) - 1;
      let offset = mask + 1 + ((view.getInt32(bit >> 3, true) >> (bit & 7)) & mask);

      let code = MATCH_LENGTHS[matchLengthEntry & 63] ?? 0;
      let matchLength = code >> 5;
      width = code & 31;
      if (width !== 0) {
        bit -= width;
        matchLength += (view.getInt32(bit >> 3, true) >> (bit & 7)) & ((1 << width) - 1);
      }
      code = LITERALS_LENGTHS[literalsLengthEntry & 63] ?? 0;
      let literalsLength = code >> 5;
      width = code & 31;
      if (width !== 0) {
        bit -= width;
        literalsLength += (view.getInt32(bit >> 3, true) >> (bit & 7)) & ((1 << width) - 1);
      }

      left -= 1;
      if (left !== 0) {
        width = (literalsLengthEntry >> 6) & 15;
        bit -= width;
        literalsLengthState =
          (literalsLengthEntry >> 10) +
          ((view.getInt32(bit >> 3, true) >> (bit & 7)) & ((1 << width) - 1));
        width = (matchLengthEntry >> 6) & 15;
        bit -= width;
        matchLengthState =
          (matchLengthEntry >> 10) +
          ((view.getInt32(bit >> 3, true) >> (bit & 7)) & ((1 << width) - 1));
        width = (offsetEntry >> 6) & 15;
        bit -= width;
        offsetState =
          (offsetEntry >> 10) + ((view.getInt32(bit >> 3, true) >> (bit & 7)) & ((1 << width) - 1));
      }
      if (bit < floor) return -1;

      if (offset > 3) {
        offset -= 3;
        third = second;
        second = recent;
        recent = offset;
      } else {
        // Which of the last ones; without literals the most recent would make the match before longer, so all are shifted.
        const which = literalsLength === 0 ? offset : offset - 1;
        if (which !== 0) {
          offset = which === 1 ? second : which === 2 ? third : recent - 1;
          if (which !== 1) third = second;
          second = recent;
          recent = offset;
        } else offset = recent;
      }

      const literalsUntil = literal + literalsLength;
      if (literalsUntil > literalsEnd || to + literalsLength + matchLength > until) return -1;
      for (; literal < literalsUntil; literal += 1, to += 1)
        output[to] = literalBytes[literal] ?? 0;
      if (offset < 1 || offset > to || offset > window) return -1;
      for (const match = to + matchLength; to < match; to += 1)
        output[to] = output[to - offset] ?? 0;

      if (left === 0) break;
    }
    if (bit !== floor) return -1;
    literals.start = literal;
    this.#recent = recent;
    this.#second = second;
    this.#third = third;
    return to;
  }
}
