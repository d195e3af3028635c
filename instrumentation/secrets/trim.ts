/** What Go takes for white space; U+FEFF is none, U+0085 is one, other than in JavaScript. */
const SPACE = String.raw`[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]`;
const LEADING = new RegExp(`^${SPACE}+`);
const TRAILING = new RegExp(`${SPACE}+$`);

/** Leading and trailing white space removed as restic does; a password need not be valid UTF-8, and what is inside stays as it is. */
export function trim(bytes: Uint8Array): Uint8Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let start = 0;
  let end = buffer.length;
  // White space is at most three bytes long: a window of a multiple of that is looked at from either side.
  for (
    let size = spaceAt(buffer, start, end, true);
    size > 0;
    size = spaceAt(buffer, start, end, true)
  )
    start += size;
  for (
    let size = spaceAt(buffer, start, end, false);
    size > 0;
    size = spaceAt(buffer, start, end, false)
  )
    end -= size;
  return buffer.subarray(start, end);
}

/** Length in bytes of the white-space character at one end of a range, 0 if there is none. */
function spaceAt(buffer: Buffer, start: number, end: number, leading: boolean): number {
  for (let size = 1; size <= 3 && size <= end - start; size++) {
    const text = (
      leading ? buffer.subarray(start, start + size) : buffer.subarray(end - size, end)
    ).toString();
    if (text.length === 1 && (leading ? LEADING : TRAILING).test(text)) return size;
  }
  return 0;
}

const UTF_8_BOM = Buffer.of(0xef, 0xbb, 0xbf);

/** A file as restic reads it: a byte order mark is removed, UTF-16 that begins with one becomes UTF-8. */
export function decodeText(bytes: Buffer): Uint8Array {
  if (bytes.subarray(0, 3).equals(UTF_8_BOM)) return bytes.subarray(3);
  if (bytes[0] === 0xff && bytes[1] === 0xfe)
    return Buffer.from(new TextDecoder("utf-16le").decode(bytes));
  if (bytes[0] === 0xfe && bytes[1] === 0xff)
    return Buffer.from(new TextDecoder("utf-16be").decode(bytes));
  return bytes;
}
