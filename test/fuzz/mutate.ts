import type { Dice } from "../support/core/dice.ts";

const KIB = 1024;
const MAX_BYTES = 64 * KIB;

/** Bytes that mean something to one of the parsers. */
const WORDS = [
  ...Array.from("[]{}()<>/\\\"'=:;,.&#%@*?!|-+_ \t\r\n\0"),
  "[[[[[[[[[[[[[[[[[[[[",
  '{"a":',
  "null",
  "true",
  "1e999",
  "-1",
  "9007199254740993",
  "4294967295",
  "__proto__",
  "constructor",
  "<!--",
  "<![CDATA[",
  "&#x110000;",
  "\u00e9",
  "\u{1f600}",
  "\ufeff",
  "\xff\xff\xff\xff",
  "..",
  "//",
  "*a",
  "&a",
];

/** An input that differs from a seed in some places, of at most 64 KiB. */
export function mutated(seeds: readonly Buffer[], dice: Dice): Buffer {
  let bytes = dice.pick(seeds);
  for (let changes = dice.low(8); changes >= 0; changes--) bytes = changed(bytes, seeds, dice);
  return bytes.subarray(0, MAX_BYTES);
}

function changed(bytes: Buffer, seeds: readonly Buffer[], dice: Dice): Buffer {
  const at = dice.roll(bytes.length + 1);
  const end = Math.min(bytes.length, at + dice.low(64));
  const before = bytes.subarray(0, at);
  const after = bytes.subarray(end);
  switch (dice.roll(9)) {
    case 0:
      return Buffer.concat([before, after]);
    case 1:
      return Buffer.concat([before, dice.bytes(1 + dice.low(8)), after]);
    case 2:
    case 3:
      return Buffer.concat([before, Buffer.from(dice.pick(WORDS)), bytes.subarray(at)]);
    case 4: {
      const flipped = Buffer.from(bytes);
      if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << dice.roll(8));
      return flipped;
    }
    case 5:
      return before;
    case 6: {
      const other = dice.pick(seeds);
      return Buffer.concat([before, other.subarray(dice.roll(other.length + 1))]);
    }
    case 7: {
      const part = bytes.subarray(at, end);
      return Buffer.concat([before, ...Array<Buffer>(1 + dice.low(8)).fill(part), after]);
    }
    default: {
      // Rarely: most parsers refuse a long input soon.
      const length = dice.roll(8) === 0 ? dice.roll(MAX_BYTES) : dice.low(2 * KIB);
      return Buffer.concat([before, Buffer.alloc(length, dice.pick(WORDS)), after]);
    }
  }
}
