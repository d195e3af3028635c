import { promisify } from "node:util";
import { zstdDecompress, zstdDecompressSync } from "node:zlib";

import { BoundError } from "./json.ts";

const BRACE = 0x7b;
const BRACKET = 0x5b;
const ZSTD = 0x02;

/** Bounds of what zlib allocates at a time. */
const MIN_CHUNK_BYTES = 256;
const MAX_CHUNK_BYTES = 64 * 1024;

export interface Unpacked {
  readonly json: Uint8Array;
  /** Only repositories of version 2 have compressed files. */
  readonly compressed: boolean;
}

/**
 * The JSON in a decrypted file (snapshot, index, lock), which may be compressed in repository version 2. The first byte decides in
 * both versions: an upgraded repository has files of both. restic design document, section "Unpacked Data Format".
 * @param maxBytes bound of the JSON
 * @throws Error whose message completes "the file …" and is safe to print; BoundError for more JSON
 */
export function unpack(plain: Uint8Array, maxBytes: number): Unpacked {
  const frame = frameIn(plain, maxBytes);
  if (!frame) return { json: plain, compressed: false };
  try {
    const size = contentSize(frame);
    const chunkSize = Math.min(chunkFor(size), MAX_CHUNK_BYTES);
    const content = zstdDecompressSync(frame, { maxOutputLength: maxBytes, chunkSize });
    return { json: whole(content, size), compressed: true };
  } catch (error) {
    throw decompressionError(error, maxBytes);
  }
}

const decompress = promisify(zstdDecompress);

/** As `unpack`, for the JSON of files of many megabytes: another thread decompresses, into one buffer if the frame tells the size. */
export async function unpackAside(plain: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const frame = frameIn(plain, maxBytes);
  if (!frame) return plain;
  try {
    const size = contentSize(frame);
    const chunkSize = Math.min(chunkFor(size ?? MAX_CHUNK_BYTES), maxBytes + 1);
    return whole(await decompress(frame, { maxOutputLength: maxBytes, chunkSize }), size);
  } catch (error) {
    throw decompressionError(error, maxBytes);
  }
}

/** undefined: the file is JSON. restic writes one frame. What Node.js does with bytes behind it depends on its version. */
function frameIn(plain: Uint8Array, maxBytes: number): Uint8Array | undefined {
  if (plain[0] === BRACE || plain[0] === BRACKET) {
    if (plain.length > maxBytes)
      throw new BoundError(`has more than ${mebibytes(maxBytes)} of JSON`);
    return undefined;
  }
  if (plain[0] !== ZSTD)
    throw new Error("has an unsupported encoding: a newer restic may have written it");
  return plain.subarray(1);
}

/** One byte more than the content, or zlib begins another chunk. */
function chunkFor(size = 0): number {
  return Math.max(size + 1, MIN_CHUNK_BYTES);
}

/** Node.js 22 returns the beginning of a truncated frame without an error. */
function whole(content: Buffer, size: number | undefined): Buffer {
  if (size !== undefined && size !== content.length)
    throw new RangeError(`${content.length} of ${size} bytes`);
  return content;
}

function decompressionError(error: unknown, maxBytes: number): Error {
  const isTooLarge =
    error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
  return isTooLarge
    ? new BoundError(`expands to more than ${mebibytes(maxBytes)}`)
    : new Error("has damaged zstd data", { cause: error });
}

function mebibytes(bytes: number): string {
  return `${Number((bytes / 2 ** 20).toFixed(3))} MiB`;
}

/** The size that a frame header declares; undefined: none, as in restic's frames of less than 256 bytes. RFC 8878, section 3.1.1.1. */
function contentSize(frame: Uint8Array): number | undefined {
  const header = Buffer.from(frame.subarray(0, 18));
  const descriptor = header.readUInt8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const at = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes;
  switch (descriptor >> 6) {
    case 0:
      return isSingleSegment ? header.readUInt8(at) : undefined;
    case 1:
      return header.readUInt16LE(at) + 256;
    case 2:
      return header.readUInt32LE(at);
    default:
      return Number(header.readBigUInt64LE(at));
  }
}
