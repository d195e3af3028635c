import { createHmac, timingSafeEqual } from "node:crypto";
import type { KeyObject } from "node:crypto";

/** A line of a state file has the first half of an HMAC-SHA256 in hex, a space and JSON. */
const MAC_HEX_DIGITS = 32;

/** A line with this text, authenticated with the state key, which can be derived only with the repository's password. */
export function seal(text: string, key: KeyObject): string {
  return `${macOf(text, key)} ${text}\n`;
}

/** The text of a line (without its line feed); undefined: it was not sealed with this key. */
export function openLine(line: string, key: KeyObject): string | undefined {
  const text = line.slice(MAC_HEX_DIGITS + 1);
  const mac = Buffer.from(line.slice(0, MAC_HEX_DIGITS), "latin1");
  const expected = Buffer.from(macOf(text, key), "latin1");
  const good =
    line[MAC_HEX_DIGITS] === " " &&
    mac.length === expected.length &&
    timingSafeEqual(mac, expected);
  return good ? text : undefined;
}

function macOf(text: string, key: KeyObject): string {
  return createHmac("sha256", key).update(text).digest("hex").slice(0, MAC_HEX_DIGITS);
}
