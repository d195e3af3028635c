import { parseSize } from "../core/size.ts";

const MIN_BYTES = 64 * 2 ** 10;
const MAX_BYTES = 128 * 2 ** 20;

export const SNAPSHOT_SIZE_EXPECTED = 'must be a size from 64KiB to 128MiB, like "8MiB"';

/** The setting `maxSnapshotSize` in bytes; undefined: invalid. */
export function parseSnapshotSize(text: unknown): number | undefined {
  const bytes = typeof text === "string" ? parseSize(text) : undefined;
  return bytes !== undefined && bytes >= MIN_BYTES && bytes <= MAX_BYTES ? bytes : undefined;
}
