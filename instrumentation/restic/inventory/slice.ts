/** A part of the 256 folders of `data/`. */
export interface Slice {
  /** Prefixes of the names in it; empty: all. */
  readonly prefixes: readonly string[];
  /** @param folder 0xab for `data/ab` */
  readonly has: (folder: number) => boolean;
}

const FOLDERS = 256;
const DIGITS = 16;

/** @param index from 0 @param count how many slices there are, 1 to 256 */
export function sliceOf(index: number, count: number): Slice {
  const has = (folder: number): boolean => Math.floor((folder * count) / FOLDERS) === index;
  if (count === 1) return { prefixes: [], has };
  const folders = Array.from({ length: FOLDERS }, (_, folder) => folder).filter(has);
  const digits = new Set(folders.map((folder) => Math.floor(folder / DIGITS)));
  const isWhole = folders.length === digits.size * DIGITS;
  const prefixes = isWhole
    ? [...digits].map((digit) => digit.toString(16))
    : folders.map(folderName);
  return { prefixes, has };
}

export function folderName(folder: number): string {
  return folder.toString(16).padStart(2, "0");
}
