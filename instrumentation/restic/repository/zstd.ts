import { zstdDecompressSync } from "node:zlib";

import { decompress } from "fzstd";

/** Up to here a decoder in JavaScript is faster: what zlib sets up for a call takes longer than all the rest. */
const MAX_SMALL_BYTES = 64 * 1024;

/** The default of 16 KiB is memory that ten thousand snapshots wait for the collector with. */
const CHUNK_BYTES = 4096;

const MAGIC = 0xfd2fb528;

/** Expands a zstd frame. @throws the error of zlib: `ERR_BUFFER_TOO_LARGE` for one of more than `maxBytes` */
export function expand(frame: Uint8Array, maxBytes: number): Uint8Array {
  const size = contentSize(Buffer.from(frame.buffer, frame.byteOffset, frame.length));
  if (size !== undefined && size <= Math.min(maxBytes, MAX_SMALL_BYTES)) {
    const small = expandSmall(frame, size);
    if (small) return small;
  }
  return zstdDecompressSync(frame, { maxOutputLength: maxBytes, chunkSize: CHUNK_BYTES });
}

/** Undefined for whatever is odd: zlib says what is the matter. */
function expandSmall(frame: Uint8Array, size: number): Uint8Array | undefined {
  try {
    const content = decompress(frame, new Uint8Array(size));
    return content.length === size ? content : undefined;
  } catch {
    return undefined;
  }
}

/** What a frame says that it holds; undefined if it does not say so, or needs a dictionary. RFC 8878, section 3.1.1.1. */
function contentSize(frame: Buffer): number | undefined {
  if (frame.length < 14 || frame.readUInt32LE(0) !== MAGIC) return undefined;
  const descriptor = frame.readUInt8(4);
  const isSingle = (descriptor & 0x20) !== 0;
  const hasDictionary = (descriptor & 0x03) !== 0;
  if (hasDictionary) return undefined;
  const at = isSingle ? 5 : 6;
  switch (descriptor >> 6) {
    case 0:
      return isSingle ? frame.readUInt8(at) : undefined;
    case 1:
      return frame.readUInt16LE(at) + 256;
    case 2:
      return frame.readUInt32LE(at);
    default:
      return undefined;
  }
}
