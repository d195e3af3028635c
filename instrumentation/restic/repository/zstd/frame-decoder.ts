import { Input } from "./input.ts";
import { Literals } from "./literals.ts";
import { Sequences } from "./sequences.ts";

const MAGIC = 0xfd2fb528 | 0;
const MAX_WINDOW_LOG = 27;
const MAX_BLOCK_BYTES = 128 * 1024;

/** A frame larger than its content by more than this is none that an encoder writes. */
const MAX_OVERHEAD_BYTES = 1024;

const REPEATED = 1;
const COMPRESSED = 2;

/**
 * Decodes small zstd frames, RFC 8878, one at a time, in memory that is had once. It gives what libzstd gives, or nothing:
 * for whatever is damaged, large, or odd (a checksum, a dictionary) libzstd is to say what is the matter.
 */
export class FrameDecoder {
  readonly #maxBytes: number;
  readonly #input: Input;
  readonly #output: Buffer;
  readonly #literals: Literals;
  readonly #sequences = new Sequences();
  #blocksAt = 0;
  #window = 0;
  /** -1: the frame does not say. restic's do not below 256 bytes. */
  #size = 0;

  /** @param maxBytes bound of the content of a frame */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#input = new Input(maxBytes + MAX_OVERHEAD_BYTES);
    this.#output = Buffer.allocUnsafeSlow(maxBytes);
    this.#literals = new Literals(maxBytes);
  }

  /** The content of the one frame that these bytes are; undefined unless it is whole, and at most `maxBytes`. */
  decode(frame: Uint8Array, maxBytes: number): Buffer | undefined {
    const end = this.#input.load(frame);
    const max = Math.min(maxBytes, this.#maxBytes);
    if (!this.#readHeader(end) || this.#size > max) return undefined;
    this.#literals.reset();
    this.#sequences.reset();
    const size = this.#decodeBlocks(end, this.#size < 0 ? max : this.#size);
    if (size < 0 || (this.#size >= 0 && size !== this.#size)) return undefined;
    const content = Buffer.allocUnsafe(size);
    this.#output.copy(content, 0, 0, size);
    return content;
  }

  /** Section 3.1.1.1. False if it is odd, or cut off. */
  #readHeader(end: number): boolean {
    const at = Input.START;
    const { bytes, view } = this.#input;
    const descriptor = bytes[at + 4] ?? 0;
    // Reserved and unused bits, checksum, dictionary, size of eight bytes.
    if ((descriptor & 0x1f) !== 0 || descriptor >= 0xc0) return false;
    const isSingle = (descriptor & 0x20) !== 0;
    const sizeAt = isSingle ? at + 5 : at + 6;
    const sizeFlag = descriptor >> 6;
    if (sizeFlag === 2) {
      this.#blocksAt = sizeAt + 4;
      this.#size = view.getUint32(sizeAt, true);
    } else if (sizeFlag === 1) {
      this.#blocksAt = sizeAt + 2;
      this.#size = view.getUint16(sizeAt, true) + 256;
    } else {
      this.#blocksAt = isSingle ? sizeAt + 1 : sizeAt;
      this.#size = isSingle ? view.getUint8(sizeAt) : -1;
    }
    this.#window = isSingle ? this.#size : windowBytes(view.getUint8(at + 5));
    return this.#blocksAt <= end && view.getInt32(at, true) === MAGIC && this.#window >= 0;
  }

  /** Section 3.1.1.2. The size of the content, `max` at most; -1 unless the last block ends where the frame ends. */
  #decodeBlocks(end: number, max: number): number {
    const { bytes } = this.#input;
    const output = this.#output;
    const maxBlock = Math.min(this.#window, MAX_BLOCK_BYTES);
    let at = this.#blocksAt;
    let to = 0;
    for (let isLast = false; !isLast;) {
      const start = at + 3;
      if (start > end) return -1;
      const header = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
      isLast = (header & 1) !== 0;
      const type = (header >> 1) & 3;
      const size = header >> 3;
      at = start + (type === REPEATED ? 1 : size);
      const until = Math.min(max, to + maxBlock);
      if (at > end || size > maxBlock) return -1;
      if (type === COMPRESSED) {
        to = this.#decodeBlock(start, at, to, until);
        if (to < 0) return -1;
      } else {
        const blockEnd = to + size;
        if (type > REPEATED || blockEnd > until) return -1;
        if (type === REPEATED) output.fill(bytes[start] ?? 0, to, blockEnd);
        else for (let from = start; from < at; from += 1, to += 1) output[to] = bytes[from] ?? 0;
        to = blockEnd;
      }
    }
    return at === end ? to : -1;
  }

  /** A compressed block, section 3.1.1.3: where in the output it ends; -1 if it is damaged. */
  #decodeBlock(start: number, end: number, from: number, until: number): number {
    const at = this.#literals.read(this.#input, start, end, until - from);
    if (at === 0) return -1;
    return this.#sequences.execute(
      this.#input,
      at,
      end,
      this.#literals,
      this.#output,
      from,
      until,
      this.#window,
    );
  }
}

/** Section 3.1.1.1.2; -1 if it is more than libzstd would take. */
function windowBytes(descriptor: number): number {
  const log = 10 + (descriptor >> 3);
  return log < MAX_WINDOW_LOG ? (1 << log) + (1 << (log - 3)) * (descriptor & 7) : -1;
}
