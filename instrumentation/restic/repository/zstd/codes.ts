import { CodeTable } from "./code-table.ts";

/** Extra bits of each code; the first value of a code follows the last of the one before. Base << 5 | bits. */
function codes(first: number, extraBits: readonly number[]): Int32Array {
  let base = first;
  return Int32Array.from(extraBits, (bits) => {
    const code = (base << 5) | bits;
    base += 1 << bits;
    return code;
  });
}

function times(count: number, value: number): readonly number[] {
  return Array.from({ length: count }, () => value);
}

/** RFC 8878, section 3.1.1.3.2.1.1. */
export const LITERALS_LENGTHS = codes(0, [
  ...times(16, 0),
  1,
  1,
  1,
  1,
  2,
  2,
  3,
  3,
  4,
  6,
  7,
  8,
  9,
  10,
  11,
  12,
  13,
  14,
  15,
  16,
]);

export const MATCH_LENGTHS = codes(3, [
  ...times(32, 0),
  1,
  1,
  1,
  1,
  2,
  2,
  3,
  3,
  4,
  4,
  5,
  7,
  8,
  9,
  10,
  11,
  12,
  13,
  14,
  15,
  16,
]);

/** Section 3.1.1.3.2.2, and the largest accuracies that a table may have. */
export function literalsLengthCodes(): CodeTable {
  return new CodeTable(
    9,
    6,
    [
      4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1,
      1, -1, -1, -1, -1,
    ],
    LITERALS_LENGTHS.length - 1,
  );
}

export function matchLengthCodes(): CodeTable {
  return new CodeTable(
    9,
    6,
    [
      1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
      1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
    ],
    MATCH_LENGTHS.length - 1,
  );
}

export function offsetCodes(): CodeTable {
  return new CodeTable(
    8,
    5,
    [1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1],
    31,
  );
}
