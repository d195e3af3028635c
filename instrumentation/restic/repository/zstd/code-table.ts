import { FseTable } from "./fse-table.ts";
import type { Input } from "./input.ts";

const PREDEFINED = 0;
const ALWAYS = 1;
const DESCRIBED = 2;

/** Which table one kind of codes has in a block, RFC 8878, section 3.1.1.3.2.1. */
export class CodeTable {
  readonly #predefined: FseTable;
  readonly #own: FseTable;
  #current: FseTable;
  #isSet = false;

  constructor(
    maxLog: number,
    predefinedLog: number,
    predefined: readonly number[],
    maxCode: number,
  ) {
    this.#predefined = FseTable.of(predefinedLog, predefined);
    this.#own = new FseTable(maxLog, maxCode);
    this.#current = this.#predefined;
  }

  /** A new frame begins: there is no table that it may take again. */
  reset(): void {
    this.#isSet = false;
  }

  get current(): FseTable {
    return this.#current;
  }

  /** Where the description of the table ends, if it has one; 0 if it is damaged. */
  read(input: Input, mode: number, start: number, end: number): number {
    if (mode > DESCRIBED) return this.#isSet ? start : 0;
    this.#isSet = true;
    switch (mode) {
      case PREDEFINED:
        this.#current = this.#predefined;
        return start;
      case ALWAYS:
        this.#current = this.#own;
        return start < end && this.#own.always(input.bytes[start] ?? 0) ? start + 1 : 0;
      default:
        this.#current = this.#own;
        return this.#own.read(input, start, end);
    }
  }
}
