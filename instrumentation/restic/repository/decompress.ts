import { zstdDecompressSync } from "node:zlib";

import { FrameDecoder } from "./zstd/frame-decoder.ts";

const BRACE = 0x7b;
const BRACKET = 0x5b;
const ZSTD = 0x02;

/** What zlib sets up for a call takes longer than all that a decoder in JavaScript does: three times at 500 bytes, as long here. */
const MAX_SMALL_BYTES = 4 * 1024;

/** The default of 16 KiB is memory that ten thousand snapshots wait for the collector with. */
const CHUNK_BYTES = 4096;

const small = new FrameDecoder(MAX_SMALL_BYTES);

export interface Unpacked {
  readonly json: Uint8Array;
  /** Only a repository of version 2 holds such files. */
  readonly compressed: boolean;
}

/**
 * What is in an unpacked file (snapshot, index, lock) that was opened: JSON, compressed in repository version 2. The first byte
 * decides, whatever the version: an upgraded repository is a mix. restic design document, section "Unpacked Data Format".
 * @param maxBytes bound of the JSON
 * @throws Error with a short reason that may be shown
 */
export function unpack(plain: Uint8Array, maxBytes: number): Unpacked {
  if (plain[0] === BRACE || plain[0] === BRACKET) return { json: plain, compressed: false };
  if (plain[0] !== ZSTD)
    throw new Error("has an encoding that is not supported: it may be written by a newer restic");
  try {
    return {
      json: expand(plain.subarray(1), maxBytes),
      compressed: true,
    };
  } catch (error) {
    const tooLarge =
      error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
    throw new Error(
      tooLarge ? `expands to more than ${maxBytes / 2 ** 20} MiB` : "has damaged zstd data",
      { cause: error },
    );
  }
}

/** Expands a zstd frame. @throws the error of zlib: `ERR_BUFFER_TOO_LARGE` for one of more than `maxBytes` */
export function expand(frame: Uint8Array, maxBytes: number): Uint8Array {
  return (
    small.decode(frame, maxBytes) ??
    zstdDecompressSync(frame, { maxOutputLength: maxBytes, chunkSize: CHUNK_BYTES })
  );
}
