import { parseSize } from "../core/size.ts";

const MIN_BYTES = 64 * 2 ** 10;
const MAX_BYTES = 128 * 2 ** 20;

/** The setting `maxSnapshotSize` in bytes, or what is wrong with it. */
export function parseSnapshotSize(
  text: unknown,
):
  | { readonly value: number; readonly problem?: undefined }
  | { readonly value?: undefined; readonly problem: string } {
  const value = typeof text === "string" ? parseSize(text) : undefined;
  return value !== undefined && value >= MIN_BYTES && value <= MAX_BYTES
    ? { value }
    : { problem: 'must be a size from 64KiB to 128MiB, like "8MiB"' };
}
