/** White space as Go defines it: without U+FEFF, with U+0085, unlike JavaScript's `\s`. */
const SPACE = /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/;
/** The longest white-space character in UTF-8. */
const MAX_SPACE_BYTES = 3;

/** Removes leading and trailing white space, as restic does. Works on bytes: a password need not be valid UTF-8. */
export function trim(bytes: Uint8Array): Uint8Array {
  let rest = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let size: number;
  do {
    size = spaceSize(rest, "start");
    rest = rest.subarray(size);
  } while (size > 0);
  do {
    size = spaceSize(rest, "end");
    rest = rest.subarray(0, rest.length - size);
  } while (size > 0);
  return rest;
}

/** Size in bytes of the white-space character at one end, 0 if there is none. */
function spaceSize(bytes: Buffer, end: "start" | "end"): number {
  for (let size = 1; size <= Math.min(MAX_SPACE_BYTES, bytes.length); size++) {
    const character = end === "start" ? bytes.subarray(0, size) : bytes.subarray(-size);
    if (SPACE.test(character.toString())) return size;
  }
  return 0;
}

const UTF_8_BOM = Buffer.of(0xef, 0xbb, 0xbf);

/** Decodes a file as restic does: removes a byte order mark, and converts UTF-16 with a byte order mark to UTF-8. */
export function decodeText(bytes: Buffer): Uint8Array {
  if (bytes.subarray(0, 3).equals(UTF_8_BOM)) return bytes.subarray(3);
  if (bytes[0] === 0xff && bytes[1] === 0xfe)
    return Buffer.from(new TextDecoder("utf-16le").decode(bytes));
  if (bytes[0] === 0xfe && bytes[1] === 0xff)
    return Buffer.from(new TextDecoder("utf-16be").decode(bytes));
  return bytes;
}

/** Enough for the pattern. */
const SAMPLE = 64;

/** Whether a file is in UTF-16: it has a byte order mark of it, or each second byte is 0, as in ASCII text. */
export function isUtf16(bytes: Uint8Array): boolean {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    return true;
  const start = bytes.subarray(0, SAMPLE);
  if (start.length < 4) return false;
  return [0, 1].some((odd) => start.every((byte, at) => (byte === 0) === (at % 2 === odd)));
}
