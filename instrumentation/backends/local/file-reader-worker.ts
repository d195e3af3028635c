import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { parentPort } from "node:worker_threads";

/** Files to read in order. */
export interface Wanted {
  readonly paths: readonly string[];
  /** Larger files are not read. */
  readonly maxBytes: number;
}

/** The contents in the same order; undefined: the file failed, or the message is large enough without it. */
export type Read = readonly (Uint8Array | undefined)[];

const MAX_MESSAGE_BYTES = 2 ** 20;

parentPort?.on("message", ({ paths, maxBytes }: Wanted) => {
  let length = 0;
  const files: Read = paths.map((path) => {
    const bytes = length < MAX_MESSAGE_BYTES ? readWhole(path, maxBytes) : undefined;
    length += bytes?.length ?? 0;
    return bytes;
  });
  parentPort?.postMessage(files);
});

function readWhole(path: string, maxBytes: number): Uint8Array | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(file);
    if (!stat.isFile() || stat.size > maxBytes) return undefined;
    const bytes = new Uint8Array(stat.size);
    let length = 0;
    while (length < stat.size) {
      const read = readSync(file, bytes, length, stat.size - length, null);
      if (read === 0) break;
      length += read;
    }
    return bytes.subarray(0, length);
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
