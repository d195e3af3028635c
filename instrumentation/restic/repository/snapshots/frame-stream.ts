import { createZstdDecompress } from "node:zlib";

import { ByteCollector } from "../../../core/byte-collector.ts";

/** Bytes that zlib allocates at a time: those of many small frames. */
const CHUNK_BYTES = 16 * 1024;

type Give = (content: Uint8Array | undefined) => void;

/**
 * Decompresses small frames one after the other with one object of zlib. An object for each would be larger than most snapshots, and
 * Node.js would keep it until the next collection of all garbage.
 */
export class FrameStream {
  readonly #zlib = createZstdDecompress({ chunkSize: CHUNK_BYTES });
  readonly #waiting = new Set<Give>();
  #content = new ByteCollector();

  /** @param maxBytes bound of the content of a frame */
  constructor(maxBytes: number) {
    this.#zlib.on("data", (part: Buffer) => {
      this.#content.add(part);
      if (this.#content.length > maxBytes) this.#zlib.destroy();
    });
    // The caller decompresses the frame by itself, which tells the error.
    this.#zlib.on("error", () => {});
    this.#zlib.on("close", () => this.#waiting.forEach((give) => give(undefined)));
  }

  /** false: a frame was damaged. */
  get isOpen(): boolean {
    return this.#zlib.writable;
  }

  /** @returns undefined if the frame does not have `size` bytes of content, or if one before it was damaged */
  read(frame: Uint8Array, size: number): Promise<Uint8Array | undefined> {
    return new Promise((give: Give) => {
      this.#waiting.add(give);
      this.#zlib.write(frame, () => {
        this.#waiting.delete(give);
        const content = this.#content.bytes();
        this.#content = new ByteCollector();
        if (this.isOpen && content.length === size) return give(content);
        // The rest of a frame would be the beginning of the next one.
        this.#zlib.destroy();
        give(undefined);
      });
    });
  }
}
