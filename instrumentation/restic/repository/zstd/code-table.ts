import { FseTable } from "./fse-table.ts";
import type { Input } from "./input.ts";

const PREDEFINED = 0;
const REPEATED = 1;
const DESCRIBED = 2;

/** Which table one kind of codes has in a block, RFC 8878, section 3.1.1.3.2.1. */
export class CodeTable {
  readonly #predefined: FseTable;
  readonly #own: FseTable;
  #current: FseTable | undefined;

  constructor(
    maxLog: number,
    predefinedLog: number,
    predefined: readonly number[],
    maxCode: number,
  ) {
    this.#predefined = FseTable.of(predefinedLog, predefined);
    this.#own = new FseTable(maxLog, maxCode);
  }

  /** A new frame begins: there is no table that it may take again. */
  reset(): void {
    this.#current = undefined;
  }

  get current(): FseTable {
    return this.#current ?? this.#predefined;
  }

  /** Where the description of the table ends, if it has one; 0 if it is damaged. */
  read(input: Input, mode: number, start: number, end: number): number {
    switch (mode) {
      case PREDEFINED:
        this.#current = this.#predefined;
        return start;
      case REPEATED:
        this.#current = this.#own;
        return start < end && this.#own.repeat(input.bytes[start] ?? 0) ? start + 1 : 0;
      case DESCRIBED:
        this.#current = this.#own;
        return this.#own.read(input, start, end);
      default:
        return this.#current ? start : 0;
    }
  }
}
