/** Collects a body that arrives in chunks, in one buffer: a million chunks of one byte take one MiB. */
export class ByteCollector {
  #buffer: Buffer = Buffer.alloc(0);
  #length = 0;
  /** How many bytes are announced; the second chunk makes a buffer of this size. */
  expected = 0;

  get length(): number {
    return this.#length;
  }

  /** @param chunk may be kept, and must not change afterwards */
  add(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (this.#length === 0) this.#buffer = chunk;
    else {
      if (length > this.#buffer.length)
        this.#grow(Math.max(length, 2 * this.#buffer.length, this.expected));
      chunk.copy(this.#buffer, this.#length);
    }
    this.#length = length;
  }

  /** All bytes so far. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #grow(capacity: number): void {
    const grown = Buffer.allocUnsafe(capacity);
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}
