import type { Page } from "../backend.ts";
import { Ids } from "../file-ids.ts";

const FIRST = Buffer.from('[{"name":"');
const SIZE = Buffer.from('","size":');
const NEXT = Buffer.from('},{"name":"');
const LAST = Buffer.from("}]");
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const LINE_FEED = 0x0a;

/**
 * The names in a listing of a REST server: version 2 lists names and sizes, version 1 names alone. What is no file of restic may lie
 * there too. Undefined if it is no listing.
 */
export function listedNames(body: Buffer): Page["names"] | undefined {
  return plainIds(body) ?? anyNames(body);
}

/** As Go writes version 2 where all names are ids, which are read without a text and an object for each. */
function plainIds(body: Buffer): Ids | undefined {
  const ids = new Ids();
  let at = 0;
  for (let before = FIRST; ; before = NEXT) {
    const name = at + before.length;
    const size = name + Ids.DIGITS + SIZE.length;
    if (!holds(body, at, before) || !ids.pushDigits(body, name)) return undefined;
    if (!holds(body, name + Ids.DIGITS, SIZE)) return undefined;
    at = endOfNumber(body, size);
    if (at === size) return undefined;
    if (holds(body, at, LAST)) break;
  }
  const end = at + LAST.length;
  return end === body.length || (end + 1 === body.length && body[end] === LINE_FEED)
    ? ids
    : undefined;
}

function holds(body: Buffer, at: number, part: Buffer): boolean {
  for (let index = 0; index < part.length; index++)
    if (body[at + index] !== part[index]) return false;
  return true;
}

/** Where the digits end that begin at `start`; `start` if they are no number of JSON. */
function endOfNumber(body: Buffer, start: number): number {
  let at = start;
  while ((body[at] ?? 0) >= DIGIT_0 && (body[at] ?? 0) <= DIGIT_9) at += 1;
  return body[start] === DIGIT_0 && at > start + 1 ? start : at;
}

function anyNames(body: Buffer): readonly string[] | undefined {
  let entries: unknown;
  try {
    entries = JSON.parse(body.toString());
  } catch {
    return undefined;
  }
  return Array.isArray(entries) ? entries.flatMap(nameOf) : undefined;
}

function nameOf(entry: unknown): readonly string[] {
  if (typeof entry === "string") return [entry];
  if (typeof entry !== "object" || entry === null || !("name" in entry)) return [];
  return typeof entry.name === "string" ? [entry.name] : [];
}
