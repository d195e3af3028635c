import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { constants, zstdCompressSync } from "node:zlib";

import { expect, test } from "vitest";

import { decodeKeyFile, openKeyFile } from "../../../instrumentation/restic/repository/key-file.ts";
import { expand } from "../../../instrumentation/restic/repository/decompress.ts";
import { FrameDecoder } from "../../../instrumentation/restic/repository/zstd/frame-decoder.ts";
import { Dice } from "../../support/core/dice.ts";
import { mutated } from "../../support/core/mutated.ts";
import { zlibSays } from "../../support/repository/zlib-says.ts";
import { CONTENTS } from "../../support/repository/zstd-contents.ts";
import { waysOf, WAYS, withHeader } from "../../support/repository/zstd-frames.ts";

const MAX = 64 * 1024;
const LEVELS = [-20, -1, ...Array.from({ length: 19 }, (_, index) => index + 1)];

const decoder = new FrameDecoder(MAX);

function compressed(content: Buffer, level: number, windowLog?: number): Buffer {
  const params = { [constants.ZSTD_c_compressionLevel]: level };
  if (windowLog !== undefined) params[constants.ZSTD_c_windowLog] = windowLog;
  return zstdCompressSync(content, { params });
}

/** Of all kinds of content, by all levels, in one block and in many. */
function* frames(
  dice: Dice,
  sizes: readonly number[],
  levels = LEVELS,
): Generator<[Buffer, Buffer]> {
  for (const make of Object.values(CONTENTS)) {
    for (const level of levels) {
      for (const most of sizes) {
        const content = make(dice, most === MAX ? MAX : dice.roll(most));
        yield [content, compressed(content, level)];
        yield [content, compressed(content, level, most === MAX ? 15 : 10 + dice.roll(2))];
      }
    }
  }
}

test("what zlib compressed comes out as it went in, by whatever way it says it", () => {
  const dice = new Dice(1);
  const missing = new Set(WAYS);
  let count = 0;
  const hold = (content: Buffer, frame: Buffer): void => {
    if (!decoder.decode(frame, MAX)?.equals(content))
      throw new Error(`not what went in: ${frame.toString("base64")}`);
    for (const way of waysOf(frame)) missing.delete(way);
    count += 1;
  };
  for (const frame of frames(dice, [20, 300, 300, 800, 1500, 1500, 3000, 6000])) hold(...frame);
  for (const [content, frame] of frames(dice, [MAX], [1, 3, 19])) {
    hold(content, frame);
    for (const sizeBytes of [0, 4]) hold(content, withHeader(frame, sizeBytes));
  }
  expect(missing).toEqual(new Set());
  expect(count).toBeGreaterThan(3000);
});

test("what restic wrote is decoded, and as by zlib", async () => {
  let count = 0;
  for (const [name, password] of Object.entries({ v2: "pässwörd ✓", upgraded: "correct horse" })) {
    const root = join(import.meta.dirname, "../../fixtures", name);
    const files = async (type: string): Promise<readonly Buffer[]> =>
      Promise.all(
        (await readdir(join(root, type))).map((file) => readFile(join(root, type, file))),
      );
    const [keyFile = Buffer.of()] = await files("keys");
    const key = await openKeyFile(decodeKeyFile(keyFile), Buffer.from(password));
    for (const sealed of [...(await files("snapshots")), ...(await files("index"))]) {
      const plain = key.open(sealed);
      if (plain[0] !== 2) continue;
      const frame = plain.subarray(1);
      expect(decoder.decode(frame, MAX)).toEqual(zlibSays(frame));
      count += 1;
    }
  }
  expect(count).toBeGreaterThan(25);
});

test("of a damaged frame nothing is said that zlib does not say", () => {
  const dice = new Dice(2);
  const whole = [...frames(dice, [300, 600, 1500], [-1, 1, 3, 19])].map(([, frame]) => frame);
  let decoded = 0;
  let refused = 0;
  for (let round = 0; round < 60_000; round += 1) {
    const frame = mutated(dice, dice.pick(whole), dice.pick(whole));
    const content = decoder.decode(frame, MAX);
    if (!content) refused += 1;
    else {
      decoded += 1;
      if (!zlibSays(frame)?.equals(content))
        throw new Error(`zlib says something else: ${frame.toString("base64")}`);
    }
  }
  expect(decoded).toBeGreaterThan(5000);
  expect(refused).toBeGreaterThan(20_000);
});

const CONTENT = Buffer.from("a snapshot, a snapshot, and a snapshot".repeat(20));
const FRAME = compressed(CONTENT, 3);

test.for<[string, Buffer]>([
  ["nothing", Buffer.of()],
  ["one that ends early", FRAME.subarray(0, -1)],
  ["one with a byte behind it", Buffer.concat([FRAME, Buffer.of(0)])],
  ["two", Buffer.concat([FRAME, FRAME])],
  ["one of another format", Buffer.concat([Buffer.of(0x27), FRAME.subarray(1)])],
  ["one with a size of eight bytes", withHeader(FRAME, 8)],
  [
    "one with a checksum",
    zstdCompressSync(CONTENT, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
  ],
  ["one too large", compressed(Buffer.alloc(MAX + 1), 3)],
  ["one too large that does not say so", withHeader(compressed(Buffer.alloc(MAX + 1), 3), 0)],
  ["one stored in too many bytes", Buffer.concat([FRAME, Buffer.alloc(MAX + 1024)])],
])("leaves to zlib: %s", ([, frame]) => {
  expect(decoder.decode(frame, MAX)).toBeUndefined();
});

test("keeps to the bound of the caller, whether or not the frame says its size", () => {
  for (const frame of [FRAME, withHeader(FRAME, 0)]) {
    expect(decoder.decode(frame, CONTENT.length)?.equals(CONTENT)).toBe(true);
    expect(decoder.decode(frame, CONTENT.length - 1)).toBeUndefined();
    expect(() => expand(frame, CONTENT.length - 1)).toThrow(
      expect.objectContaining({ code: "ERR_BUFFER_TOO_LARGE" }),
    );
  }
});

test("what it gave is not touched by what it decodes next", () => {
  const first = decoder.decode(FRAME, MAX);
  decoder.decode(compressed(Buffer.alloc(CONTENT.length, 1), 3), MAX);
  expect(first?.equals(CONTENT)).toBe(true);
});

test.for([
  ["one too large", compressed(Buffer.alloc(MAX + 1, "x"), 3)],
  ["two", Buffer.concat([FRAME, FRAME])],
  ["a small one", FRAME],
] as const)("expands as zlib does: %s", ([, frame]) => {
  expect(zlibSays(frame)?.equals(expand(frame, 2 * MAX))).toBe(true);
});
