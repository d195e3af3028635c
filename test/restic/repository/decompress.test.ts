import { constants, zstdCompressSync } from "node:zlib";

import { expect, test } from "vitest";

import { unpack, unpackAside } from "../../../instrumentation/restic/repository/decompress.ts";
import { BoundError } from "../../../instrumentation/restic/repository/json.ts";

const KIB = 1024;
const MAX = 1024 * KIB;
const LARGE = Buffer.from(JSON.stringify({ paths: Array(40).fill("/home") }));
const SMALL = Buffer.from('{"hostname":"web"}');

/** As restic does it: the content size is left out below 256 bytes. */
function compressed(content: Buffer): Buffer {
  return zstdCompressSync(content, {
    params: { [constants.ZSTD_c_contentSizeFlag]: content.length < 256 ? 0 : 1 },
  });
}

/** A frame of one raw block whose header has a content size field of so many bytes. */
function frame(content: Buffer, sizeBytes: 0 | 1 | 2 | 4 | 8, declared = content.length): Buffer {
  const size = Buffer.alloc(8);
  size.writeUIntLE(sizeBytes === 2 ? declared - 256 : declared, 0, 6);
  // A size of one byte needs a single segment, which has no window descriptor.
  const descriptor =
    sizeBytes === 1
      ? Buffer.of(0x20)
      : Buffer.of(sizeBytes === 0 ? 0 : Math.log2(sizeBytes) << 6, 7 << 3);
  const block = Buffer.alloc(3);
  block.writeUIntLE(1 | (content.length << 3), 0, 3);
  const magic = Buffer.of(0x28, 0xb5, 0x2f, 0xfd);
  return Buffer.concat([magic, descriptor, size.subarray(0, sizeBytes), block, content]);
}

function unpackZstd(bytes: Buffer, maxBytes = MAX): string {
  const { json, compressed: isCompressed } = unpack(Buffer.concat([Buffer.of(2), bytes]), maxBytes);
  expect(isCompressed).toBe(true);
  return Buffer.from(json).toString();
}

test.for(["{}", "[]"])("plain JSON %s is not decompressed", (json) => {
  expect(unpack(Buffer.from(json), MAX)).toEqual({ json: Buffer.from(json), compressed: false });
});

test.for([
  ["with a content size", compressed(LARGE), LARGE],
  ["without a content size", compressed(SMALL), SMALL],
  ["with a content size of 1 byte", frame(SMALL, 1), SMALL],
  ["with a content size of 2 bytes", frame(LARGE, 2), LARGE],
  ["with a content size of 4 bytes", frame(SMALL, 4), SMALL],
  ["with a content size of 8 bytes", frame(SMALL, 8), SMALL],
  [
    "with a checksum",
    zstdCompressSync(LARGE, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
    LARGE,
  ],
  ["followed by other bytes", Buffer.concat([compressed(LARGE), Buffer.from("junk")]), LARGE],
] as const)("a frame %s is decompressed", ([, bytes, content]) => {
  expect(unpackZstd(bytes)).toBe(content.toString());
});

test("only the first of two frames counts", () => {
  expect(unpackZstd(Buffer.concat([compressed(SMALL), compressed(LARGE)]))).toBe(SMALL.toString());
});

test.for([
  ["nothing", Buffer.of()],
  ["another format", Buffer.from("not a frame at all")],
  ["a content size that is too large", frame(LARGE, 4, LARGE.length + 1)],
  ["a content size that is too small", frame(LARGE, 4, LARGE.length - 1)],
  ["a reserved block type", Buffer.concat([frame(SMALL, 0).subarray(0, 6), Buffer.of(7, 0, 0)])],
] as const)("%s is damaged", ([, bytes]) => {
  expect(() => unpackZstd(bytes)).toThrow(new Error("has damaged zstd data"));
});

test.for([
  ["with a content size", compressed(LARGE)],
  ["without a content size", compressed(SMALL)],
] as const)("a frame %s that is cut anywhere gives no JSON", ([, bytes]) => {
  const parse = (frameBytes: Buffer): unknown => JSON.parse(unpackZstd(frameBytes));
  expect(parse(bytes)).toBeTypeOf("object");
  for (let length = 0; length < bytes.length; length++)
    expect(() => parse(bytes.subarray(0, length))).toThrow(/zstd|JSON/);
});

test("a cut frame is damaged although the rest of its content is JSON", () => {
  for (const bytes of [frame(Buffer.from("{}  "), 1), frame(Buffer.from("{}  "), 8)])
    expect(() => unpackZstd(bytes.subarray(0, -1))).toThrow(new Error("has damaged zstd data"));
});

test.for([
  ["with a content size", zstdCompressSync(Buffer.alloc(64 * MAX))],
  [
    "without a content size",
    zstdCompressSync(Buffer.alloc(64 * MAX), {
      params: { [constants.ZSTD_c_contentSizeFlag]: 0 },
    }),
  ],
] as const)("a frame %s does not expand beyond the bound", ([, bytes]) => {
  expect(() => unpackZstd(bytes)).toThrow(new BoundError("expands to more than 1 MiB"));
  const atBound = zstdCompressSync(Buffer.alloc(MAX, "x"));
  expect(unpackZstd(atBound)).toHaveLength(MAX);
  expect(() => unpackZstd(atBound, MAX - 1)).toThrow(/^expands to more than /);
});

test.for([
  ["nothing", Buffer.of()],
  ["another first byte", Buffer.of(3, 1, 2)],
] as const)("%s is an unsupported encoding", ([, plain]) => {
  expect(() => unpack(plain, MAX)).toThrow(
    new Error("has an unsupported encoding: a newer restic may have written it"),
  );
});

test.for([
  ["JSON", Buffer.from("{}")],
  ["a frame with a content size", Buffer.concat([Buffer.of(2), compressed(LARGE)])],
  ["a frame without a content size", Buffer.concat([Buffer.of(2), compressed(SMALL)])],
  ["a cut frame", Buffer.concat([Buffer.of(2), compressed(LARGE).subarray(0, -1)])],
  ["a header alone", Buffer.concat([Buffer.of(2), compressed(LARGE).subarray(0, 4)])],
  ["a wrong content size", Buffer.concat([Buffer.of(2), frame(LARGE, 4, LARGE.length + 1)])],
  ["too much", Buffer.concat([Buffer.of(2), zstdCompressSync(Buffer.alloc(64 * MAX))])],
  ["a byte too much", Buffer.concat([Buffer.of(2), zstdCompressSync(Buffer.alloc(MAX + 1))])],
  ["too much JSON", Buffer.alloc(MAX + 1, "{")],
  ["a size that no memory has", Buffer.concat([Buffer.of(2), frame(LARGE, 8, 2 ** 45)])],
  ["another first byte", Buffer.of(3, 1, 2)],
  ["nothing", Buffer.of()],
] as const)("another thread makes the same of %s", async ([, plain]) => {
  const outcome = (run: () => Uint8Array | Promise<Uint8Array>): Promise<string> =>
    Promise.resolve()
      .then(run)
      .then((json) => Buffer.from(json).toString(), String);
  expect(await outcome(() => unpackAside(plain, MAX))).toBe(
    await outcome(() => unpack(plain, MAX).json),
  );
});
