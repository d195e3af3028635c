import { createHmac, timingSafeEqual } from "node:crypto";
import type { KeyObject } from "node:crypto";

import type { Snapshot } from "../repository/snapshot.ts";

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

export function encodeSnapshot({ id, time, hostname, username, summary }: Snapshot): string {
  return JSON.stringify([
    id,
    time.seconds,
    time.nanoseconds,
    hostname,
    username,
    summary && [
      summary.durationSeconds,
      summary.files,
      summary.processedBytes,
      summary.addedBytes,
      summary.addedStoredBytes,
    ],
  ]);
}

/** The snapshot that `encodeSnapshot` wrote; undefined for anything else, such as a record of another version. */
export function decodeRecord(text: string): Snapshot | undefined {
  const fields: unknown = JSON.parse(text);
  if (!Array.isArray(fields)) return undefined;
  const [id, seconds, nanoseconds, hostname, username, summary]: readonly unknown[] = fields;
  if (typeof id !== "string" || !/^[0-9a-f]{64}$/.test(id)) return undefined;
  if (typeof seconds !== "number" || typeof nanoseconds !== "number") return undefined;
  if (typeof hostname !== "string" || typeof username !== "string") return undefined;
  const numbers: readonly unknown[] = Array.isArray(summary) ? summary : [];
  const number = (index: number): number | undefined => {
    const value = numbers[index];
    return typeof value === "number" ? value : undefined;
  };
  return {
    id,
    time: { seconds, nanoseconds },
    hostname,
    username,
    summary: Array.isArray(summary)
      ? {
          durationSeconds: number(0),
          files: number(1),
          processedBytes: number(2),
          addedBytes: number(3),
          addedStoredBytes: number(4),
        }
      : undefined,
  };
}
