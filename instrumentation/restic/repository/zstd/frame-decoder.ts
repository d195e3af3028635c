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
 * for whatever is damaged, large, or odd (no content size, a checksum, a dictionary) libzstd is to say what is the matter.
 */
export class FrameDecoder {
  readonly #maxBytes: number;
  readonly #input: Input;
  readonly #literals: Literals;
  readonly #sequences = new Sequences();
  #blocksAt = 0;
  #window = 0;

  /** @param maxBytes bound of the content of a frame */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#input = new Input(maxBytes + MAX_OVERHEAD_BYTES);
    this.#literals = new Literals(maxBytes);
  }

  /** The content of the one frame that these bytes are; undefined unless it is whole, and at most `maxBytes`. */
  decode(frame: Uint8Array, maxBytes: number): Uint8Array | undefined {
    const end = this.#input.load(frame);
    const size = this.#readHeader(end);
    if (size < 0 || size > this.#maxBytes || size > maxBytes) return undefined;
    this.#literals.reset();
    this.#sequences.reset();
    const output = Buffer.allocUnsafe(size);
    return this.#decodeBlocks(end, output, size) ? output : undefined;
  }

  /** What the frame says that it holds, section 3.1.1.1; -1 if it does not say so, or is odd in another way. */
  #readHeader(end: number): number {
    const at = Input.START;
    const { bytes, view } = this.#input;
    const descriptor = bytes[at + 4] ?? 0;
    const sizeFlag = descriptor >> 6;
    const isSingle = (descriptor & 0x20) !== 0;
    // Reserved and unused bits, checksum, dictionary.
    if ((descriptor & 0x1f) !== 0 || sizeFlag === 3 || (sizeFlag === 0 && !isSingle)) return -1;
    const sizeAt = isSingle ? at + 5 : at + 6;
    this.#blocksAt = sizeAt + (1 << sizeFlag);
    if (this.#blocksAt > end || view.getInt32(at, true) !== MAGIC) return -1;
    const size =
      sizeFlag === 0
        ? view.getUint8(sizeAt)
        : sizeFlag === 1
          ? view.getUint16(sizeAt, true) + 256
          : view.getUint32(sizeAt, true);
    if (isSingle) this.#window = size;
    else {
      const window = view.getUint8(at + 5);
      const log = 10 + (window >> 3);
      if (log >= MAX_WINDOW_LOG) return -1;
      this.#window = (1 << log) + (1 << (log - 3)) * (window & 7);
    }
    return size;
  }

  /** Section 3.1.1.2. False unless they give just the content, and the last ends where the frame ends. */
  #decodeBlocks(end: number, output: Uint8Array, size: number): boolean {
    const { bytes } = this.#input;
    const window = this.#window;
    const maxBlock = Math.min(window, MAX_BLOCK_BYTES);
    let at = this.#blocksAt;
    let to = 0;
    for (let isLast = false; !isLast;) {
      const blockAt = at + 3;
      if (blockAt > end) return false;
      const header = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
      isLast = (header & 1) !== 0;
      const type = (header >> 1) & 3;
      const blockSize = header >> 3;
      at = blockAt + (type === REPEATED ? 1 : blockSize);
      const until = Math.min(size, to + maxBlock);
      if (at > end || blockSize > maxBlock) return false;
      if (type === COMPRESSED) {
        to = this.#decodeBlock(blockAt, at, output, to, until);
        if (to < 0) return false;
      } else if (type <= REPEATED && to + blockSize <= until) {
        const blockEnd = to + blockSize;
        if (type === REPEATED) output.fill(bytes[blockAt] ?? 0, to, blockEnd);
        else
          for (let from = blockAt; to < blockEnd; from += 1, to += 1) output[to] = bytes[from] ?? 0;
        to = blockEnd;
      } else return false;
    }
    return at === end && to === size;
  }

  /** A compressed block, section 3.1.1.3: where in `output` it ends; -1 if it is damaged. */
  #decodeBlock(
    start: number,
    end: number,
    output: Uint8Array,
    from: number,
    until: number,
  ): number {
    const at = this.#literals.read(this.#input, start, end, until - from);
    if (at === 0) return -1;
    return this.#sequences.execute(
      this.#input,
      at,
      end,
      this.#literals,
      output,
      from,
      until,
      this.#window,
    );
  }
}
