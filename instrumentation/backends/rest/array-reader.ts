/** Longer elements are not read. An entry of a listing has about 92 bytes. */
const MAX_ELEMENT_BYTES = 1024;

/** An entry of a listing has two levels. */
const MAX_DEPTH = 16;

/** RFC 8259, section 2. */
const BLANK = /^[ \t\n\r]*$/;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Cuts a JSON array that arrives in pieces into its elements and parses each on its own, so that memory is bounded by the
 * elements that the caller keeps, not by the array.
 */
export class ArrayReader {
  readonly #found: (element: unknown) => void;
  /** The current element as far as earlier pieces have it. */
  readonly #begun = Buffer.alloc(MAX_ELEMENT_BYTES);
  #begunBytes = 0;
  /** 0 outside of the array, 1 in it, more inside of an element. */
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #count = 0;
  #hasEnded = false;

  /** @param found gets undefined for an element that is too long */
  constructor(found: (element: unknown) => void) {
    this.#found = found;
  }

  /** @throws SyntaxError if this is no JSON array, or an element is not JSON or nested too deeply */
  push(piece: Buffer): void {
    let start = 0;
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at] ?? 0;
      if (this.#isInString) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === BACKSLASH) this.#isEscaped = true;
        else if (byte === QUOTE) this.#isInString = false;
      } else if (this.#depth === 0) {
        this.#takeOutside(byte);
        start = at + 1;
      } else if (byte === QUOTE) this.#isInString = true;
      else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) {
        if (++this.#depth > MAX_DEPTH) throw new SyntaxError("an element is nested too deeply");
      } else if (this.#depth > 1) {
        if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) this.#depth -= 1;
      } else if (byte === COMMA || byte === CLOSE_BRACKET) {
        this.#endElement(piece, start, at, byte === CLOSE_BRACKET);
        start = at + 1;
      }
    }
    if (this.#depth > 0) this.#begin(piece.subarray(start));
  }

  /** @throws SyntaxError if the array has not ended */
  end(): void {
    if (!this.#hasEnded) throw new SyntaxError("the array does not end");
  }

  #takeOutside(byte: number): void {
    if (byte === OPEN_BRACKET && !this.#hasEnded) this.#depth = 1;
    else if (!BLANK.test(String.fromCharCode(byte))) throw new SyntaxError("not one JSON array");
  }

  /** Bytes beyond the bound are counted, not kept. */
  #begin(part: Buffer): void {
    part.copy(this.#begun, this.#begunBytes);
    this.#begunBytes += part.length;
  }

  /** The element ends before `end`. No part of the piece is cut out: that would cost more than the name itself. */
  #endElement(piece: Buffer, start: number, end: number, isLast: boolean): void {
    const length = this.#begunBytes + end - start;
    const isTooLong = length > MAX_ELEMENT_BYTES;
    let element = "";
    if (this.#begunBytes > 0) {
      this.#begin(piece.subarray(start, end));
      element = this.#begun.toString("utf8", 0, Math.min(length, MAX_ELEMENT_BYTES));
    } else if (!isTooLong) element = piece.toString("utf8", start, end);
    this.#begunBytes = 0;
    this.#hasEnded = isLast;
    if (isLast) this.#depth = 0;
    const isEmptyArray = isLast && this.#count === 0 && !isTooLong && BLANK.test(element);
    if (isEmptyArray) return;
    this.#count += 1;
    this.#found(isTooLong ? undefined : JSON.parse(element));
  }
}
