import { expect, test } from "vitest";

import { FrameDecoder } from "../../../instrumentation/restic/repository/zstd/frame-decoder.ts";
import { zlibSays } from "../../support/repository/zlib-says.ts";
import { COMPRESSED_BLOCK, frameOf, RAW_BLOCK } from "../../support/repository/zstd-frames.ts";

const MAX = 64 * 1024;
const KIB = 0;
const TWO_KIB = 1 << 3;
/** All three tables are of one symbol each. */
const ONE_SYMBOL_EACH = 0x54;

const decoder = new FrameDecoder(MAX);

function compressed(...parts: readonly (Buffer | number)[]): readonly [number, Buffer] {
  const bytes = parts.map((part) => (typeof part === "number" ? Buffer.of(part) : part));
  return [COMPRESSED_BLOCK, Buffer.concat(bytes)];
}

function raw(length: number): readonly [number, Buffer] {
  return [RAW_BLOCK, Buffer.from(Array.from({ length }, (_, index) => index))];
}

/** Literals, type 0 raw and 1 of one symbol: their number in two bytes, and they. */
function literals(type: number, count: number): Buffer {
  const header = Buffer.alloc(2);
  header.writeUInt16LE(type | 4 | (count << 4));
  return Buffer.concat([header, Buffer.alloc(type === 0 ? count : 1, 7)]);
}

/** Four literals in one byte, one bit each; type 2 has a table before them, of symbols 0 and 1, and 3 has none. */
function fourLiterals(type: number, bits: number): Buffer {
  const stored = Buffer.of(...(type === 2 ? [0x80, 0x10] : []), 0x10 | bits);
  const header = Buffer.alloc(3);
  header.writeUIntLE(type | (4 << 4) | (stored.length << 14), 0, 3);
  return Buffer.concat([header, stored]);
}

/** One match of 8 bytes, no literal before it. */
function matchAt(offset: number): readonly [number, Buffer] {
  const value = offset + 3;
  const code = 31 - Math.clz32(value);
  // The mark of the end is the bit above, as the one that the code leaves out.
  const bits = Buffer.of(...(value < 256 ? [value] : [value & 0xff, value >> 8]));
  return compressed(0, 1, ONE_SYMBOL_EACH, 0, code, 5, bits);
}

test.for([
  ["1", Buffer.of((20 << 3) | 1, 7), 20],
  ["2", Buffer.of(((300 << 4) & 0xff) | 5, 300 >> 4, 7), 300],
  ["3", Buffer.of(((5000 << 4) & 0xff) | 13, (5000 >> 4) & 0xff, 5000 >> 12, 7), 5000],
] as const)("literals of one symbol, their number in %s bytes", ([, section, count]) => {
  const frame = frameOf(7 << 3, compressed(section, 0));
  expect(decoder.decode(frame, MAX)?.equals(Buffer.alloc(count, 7))).toBe(true);
  expect(zlibSays(frame)?.equals(Buffer.alloc(count, 7))).toBe(true);
});

const TWO_TABLES = frameOf(
  KIB,
  compressed(fourLiterals(2, 6), 0),
  compressed(fourLiterals(3, 5), 0),
);

test.for<[string, Buffer]>([
  ["a table of literals again", TWO_TABLES],
  ["a match at the edge of the window", frameOf(KIB, raw(1000), raw(1000), matchAt(1024))],
  ["the smallest offset", frameOf(KIB, raw(1), matchAt(1))],
  ["the largest offset that there is", frameOf(KIB, raw(900), matchAt(900))],
  ["a block as large as it may be", frameOf(KIB, compressed(literals(1, 1024), 0))],
  [
    "a block that is stored in more than it holds",
    frameOf(TWO_KIB, compressed(literals(0, 1021), 1, ONE_SYMBOL_EACH, 10, 0, 0, 1)),
  ],
])("decodes as zlib does: %s", ([, frame]) => {
  const content = decoder.decode(frame, MAX);
  expect(content).toBeDefined();
  expect(content).toEqual(zlibSays(frame));
});

test.for<[string, Buffer]>([
  ["a table that was another frame's", frameOf(KIB, compressed(fourLiterals(3, 5), 0))],
  ["an offset beyond the beginning", frameOf(KIB, raw(900), matchAt(901))],
  [
    "an offset of one less than one",
    frameOf(KIB, raw(20), compressed(0, 1, ONE_SYMBOL_EACH, 0, 1, 5, 3)),
  ],
  ["more behind no sequence", frameOf(KIB, compressed(literals(0, 20), 0, 0))],
  ["a block that holds more than it may", frameOf(KIB, compressed(literals(1, 1025), 0))],
  [
    "a block that is stored in more than it may be",
    frameOf(KIB, compressed(literals(0, 1021), 1, ONE_SYMBOL_EACH, 10, 0, 0, 1)),
  ],
  [
    "sequences that take far more bits than there are",
    frameOf(6 << 3, raw(20), compressed(0, 0x80 + 5, 120, ONE_SYMBOL_EACH, 0, 0, 36, 1)),
  ],
])("refuses as zlib does: %s", ([, frame]) => {
  // Its table is still there.
  expect(decoder.decode(TWO_TABLES, MAX)).toHaveLength(8);
  expect(decoder.decode(frame, MAX)).toBeUndefined();
  expect(zlibSays(frame)).toBeUndefined();
});

test("leaves an offset beyond the window to zlib", () => {
  expect(decoder.decode(frameOf(KIB, raw(1000), raw(1000), matchAt(1025)), MAX)).toBeUndefined();
});
