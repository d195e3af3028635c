import { zstdDecompressSync } from "node:zlib";

import { FrameDecoder } from "./zstd/frame-decoder.ts";

/** What zlib sets up for a call takes longer than all that a decoder in JavaScript does: three times at 500 bytes, as long here. */
const MAX_SMALL_BYTES = 4 * 1024;

/** The default of 16 KiB is memory that ten thousand snapshots wait for the collector with. */
const CHUNK_BYTES = 4096;

const small = new FrameDecoder(MAX_SMALL_BYTES);

/** Expands a zstd frame. @throws the error of zlib: `ERR_BUFFER_TOO_LARGE` for one of more than `maxBytes` */
export function expand(frame: Uint8Array, maxBytes: number): Uint8Array {
  return (
    small.decode(frame, maxBytes) ??
    zstdDecompressSync(frame, { maxOutputLength: maxBytes, chunkSize: CHUNK_BYTES })
  );
}
