import { zstdDecompressSync } from "node:zlib";

/** The content of a zstd frame; undefined if it is damaged. */
export function zlibSays(frame: Uint8Array): Buffer | undefined {
  try {
    return zstdDecompressSync(frame, { maxOutputLength: 2 ** 20 });
  } catch {
    return undefined;
  }
}
