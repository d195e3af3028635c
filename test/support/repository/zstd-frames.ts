const BLOCKS = ["raw", "rle", "compressed"];
const LITERALS = ["raw", "rle", "compressed", "treeless"];
const TABLES = ["predefined", "rle", "described", "repeated"];

/** All that frames of zlib use with at most 64 KiB of content. */
export const WAYS: readonly string[] = [
  ...[0, 1, 2, 4].map((bytes) => `size of ${bytes} bytes`),
  "single segment",
  "window",
  "more than one block",
  ...BLOCKS.map((type) => `block: ${type}`),
  ...[0, 1, 3].map((format) => `literals: raw, format ${format}`),
  "literals: rle, format 1",
  ...[0, 1, 2, 3].map((format) => `literals: compressed, format ${format}`),
  ...[0, 1, 2, 3].map((format) => `literals: treeless, format ${format}`),
  "weights: described",
  "weights: direct",
  "sequences: none",
  "sequences: few",
  "sequences: many",
  ...["literals lengths", "offsets", "match lengths"].flatMap((kind) =>
    TABLES.map((table) => `${kind}: ${table}`),
  ),
];

/** The same blocks behind a header that gives the size of the content in so many bytes, and a window of 128 KiB. */
export function withHeader(frame: Buffer, sizeBytes: number): Buffer {
  const { isSingle, sizeBytes: before, blocksAt } = headerOf(frame);
  const sizeAt = isSingle ? 5 : 6;
  let size = before === 0 ? 0 : frame.readUIntLE(sizeAt, before);
  if (before === 2) size += 256;
  const sizeField = Buffer.alloc(8);
  sizeField.writeUIntLE(sizeBytes === 2 ? size - 256 : size, 0, 6);
  const descriptor = sizeBytes === 0 ? 0 : Math.log2(sizeBytes) << 6;
  return Buffer.concat([
    frame.subarray(0, 4),
    Buffer.of(descriptor, 7 << 3),
    sizeField.subarray(0, sizeBytes),
    frame.subarray(blocksAt),
  ]);
}

function headerOf(frame: Buffer): {
  readonly isSingle: boolean;
  readonly sizeBytes: number;
  readonly blocksAt: number;
} {
  const descriptor = frame.readUInt8(4);
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 && !isSingle ? 0 : 2 ** sizeFlag;
  return { isSingle, sizeBytes, blocksAt: (isSingle ? 5 : 6) + sizeBytes };
}

/** The ways of saying something that an intact frame uses, RFC 8878, section 3.1.1: read in the plainest way, and not checked. */
export function waysOf(frame: Buffer): readonly string[] {
  const { isSingle, sizeBytes, blocksAt } = headerOf(frame);
  const ways = [`size of ${sizeBytes} bytes`, isSingle ? "single segment" : "window"];
  let at = blocksAt;
  for (let blocks = 1, isLast = false; !isLast; blocks += 1) {
    const header = frame.readUIntLE(at, 3);
    isLast = (header & 1) !== 0;
    if (blocks === 2) ways.push("more than one block");
    const type = BLOCKS[(header >> 1) & 3] ?? "reserved";
    ways.push(`block: ${type}`);
    const size = type === "rle" ? 1 : header >> 3;
    at += 3;
    if (type === "compressed") ways.push(...waysOfBlock(frame.subarray(at, at + size)));
    at += size;
  }
  return ways;
}

function waysOfBlock(block: Buffer): readonly string[] {
  const first = block.readUInt8(0);
  const type = LITERALS[first & 3] ?? "";
  const format = (first >> 2) & 3;
  const [bytes, stored] =
    (first & 3) < 2 ? plainLiterals(block, first & 1, format) : compressedLiterals(block, format);
  const ways = [`literals: ${type}, format ${(first & 3) < 2 && format === 2 ? 0 : format}`];
  if (type === "compressed")
    ways.push(`weights: ${block.readUInt8(bytes) < 128 ? "described" : "direct"}`);
  const sequences = block.subarray(bytes + stored);
  const count = sequences.readUInt8(0);
  if (count === 0) return [...ways, "sequences: none"];
  const modes = sequences.readUInt8(count < 128 ? 1 : 2);
  return [
    ...ways,
    `sequences: ${count < 128 ? "few" : "many"}`,
    `literals lengths: ${TABLES[modes >> 6]}`,
    `offsets: ${TABLES[(modes >> 4) & 3]}`,
    `match lengths: ${TABLES[(modes >> 2) & 3]}`,
  ];
}

/** How long the header and the literals are. */
function plainLiterals(
  block: Buffer,
  isRepeated: number,
  format: number,
): readonly [number, number] {
  const bytes = [1, 2, 1, 3][format] ?? 0;
  const size = block.readUIntLE(0, bytes) >> (bytes === 1 ? 3 : 4);
  return [bytes, isRepeated ? 1 : size];
}

function compressedLiterals(block: Buffer, format: number): readonly [number, number] {
  const bytes = [3, 3, 4, 5][format] ?? 0;
  const sizeBits = [10, 10, 14, 18][format] ?? 0;
  return [bytes, Math.floor(block.readUIntLE(0, bytes) / 2 ** (4 + sizeBits))];
}

export const RAW_BLOCK = 0;
export const COMPRESSED_BLOCK = 2;

/** A frame of these blocks, each with its type, that does not say its size. `window` is the descriptor: 0 is 1 KiB. */
export function frameOf(
  window: number,
  ...blocks: readonly (readonly [type: number, block: Buffer])[]
): Buffer {
  const parts = blocks.map(([type, block], index) => {
    const header = Buffer.alloc(3);
    const last = index === blocks.length - 1 ? 1 : 0;
    header.writeUIntLE(last | (type << 1) | (block.length << 3), 0, 3);
    return Buffer.concat([header, block]);
  });
  return Buffer.concat([Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0, window), ...parts]);
}
