/** The two lists of packs in an index file. rustic writes the second: packs that wait for their deletion. */
type Section = "packs" | "packs_to_delete";

/** A pack, or a part of a large one, parsed and not checked. */
export interface CutPack {
  readonly section: Section;
  readonly pack: unknown;
  /** The pack goes on in the next part, which has more of its blobs. */
  readonly continues: boolean;
  /** Bytes of its JSON. */
  readonly bytes: number;
}

/** JSON that is parsed at once: a millisecond. Most packs have less. */
const PART_BYTES = 64 * 1024;

/** An index file has five levels, and a pack three of them. */
const MAX_DEPTH = 16;

/** An index file has up to three members, a pack four. */
const MAX_MEMBERS = 100;

/** A part with a pack that is not divided ends within it. */
const MAX_PARSED_BYTES = 4 * PART_BYTES;

/** The first letter of `null`: Go makes it of a list that was never filled. */
const NULL = 0x6e;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Cuts the JSON of an index file into packs, and large packs into parts, and parses each: JSON.parse of all of it would block the process
 * for 50 to 500 ms. restic before 0.2 wrote a bare array of packs. restic design document, section "Indexing".
 * @throws SyntaxError if it is not JSON, or nested too deeply
 */
export function* cutIndex(json: Buffer): Generator<CutPack> {
  const at = skipBlank(json, 0);
  let end;
  if (json[at] === OPEN_BRACKET) end = yield* cutPacks(json, at, "packs");
  else {
    const members = membersOf(json, at);
    let member = members.next();
    while (!member.done) {
      const [key, start] = member.value;
      const isPacks = key === "packs" || key === "packs_to_delete";
      const isList = json[start] === OPEN_BRACKET;
      // restic ignores the other list.
      if (key === "packs" && !isList && json[start] !== NULL) throw new SyntaxError("no list");
      member = members.next(isPacks && isList ? yield* cutPacks(json, start, key) : undefined);
    }
    end = member.value;
  }
  if (skipBlank(json, end) < json.length) throw new SyntaxError("text behind the value");
}

/** @returns the end of the array */
function* cutPacks(json: Buffer, open: number, section: Section): Generator<CutPack, number> {
  const elements = elementsOf(json, open);
  for (;;) {
    const element = elements.next();
    if (element.done) return element.value;
    const [start, end] = element.value;
    const bytes = end - start;
    if (bytes > 2 * PART_BYTES && json[start] === OPEN_BRACE) yield* cutPack(json, start, section);
    else yield { section, pack: parse(json, start, end), continues: false, bytes };
  }
}

/** A pack whose JSON is too large to be parsed at once. */
function* cutPack(json: Buffer, open: number, section: Section): Generator<CutPack> {
  let id: unknown;
  let list = -1;
  for (const [key, start, end] of membersOf(json, open)) {
    if (key === "id") id = parse(json, start, end);
    if (key === "blobs" && json[start] === OPEN_BRACKET) list = start;
  }
  let from = -1;
  let to = -1;
  const part = (continues: boolean): CutPack => {
    const blobs: unknown = from < 0 ? [] : JSON.parse(`[${textOf(json, from, to)}]`);
    return { section, pack: { id, blobs }, continues, bytes: to - from };
  };
  for (const [start, end] of list < 0 ? [] : elementsOf(json, list)) {
    if (from < 0) from = start;
    to = end;
    if (to - from < PART_BYTES) continue;
    yield part(true);
    from = -1;
  }
  yield part(false);
}

type Span = readonly [start: number, end: number];

/** The elements of the array at `open`. @returns its end */
function* elementsOf(json: Buffer, open: number): Generator<Span, number> {
  let at = skipBlank(json, open + 1);
  if (json[at] === CLOSE_BRACKET) return at + 1;
  for (;;) {
    const end = endOfValue(json, at);
    yield [at, end];
    at = skipBlank(json, end);
    if (json[at] === CLOSE_BRACKET) return at + 1;
    if (json[at] !== COMMA) throw new SyntaxError("a comma is missing");
    at = skipBlank(json, at + 1);
  }
}

/**
 * The members of the object at `open`. The end of a value is searched for only if the caller does not give it to `next`.
 * @returns the end of the object
 */
function* membersOf(
  json: Buffer,
  open: number,
): Generator<readonly [key: unknown, start: number, end: number], number, number | undefined> {
  if (json[open] !== OPEN_BRACE) throw new SyntaxError("not an object");
  let at = skipBlank(json, open + 1);
  if (json[at] === CLOSE_BRACE) return at + 1;
  for (let count = 1; count <= MAX_MEMBERS; count++) {
    if (json[at] !== QUOTE) throw new SyntaxError("a key is missing");
    const keyEnd = endOfValue(json, at);
    const key = parse(json, at, keyEnd);
    const colon = skipBlank(json, keyEnd);
    if (json[colon] !== COLON) throw new SyntaxError("a colon is missing");
    const start = skipBlank(json, colon + 1);
    const isList = json[start] === OPEN_BRACKET;
    let end = isList ? -1 : endOfValue(json, start);
    const given = yield [key, start, end];
    if (given !== undefined) end = given;
    else if (isList) end = endOfValue(json, start);
    at = skipBlank(json, end);
    if (json[at] === CLOSE_BRACE) return at + 1;
    if (json[at] !== COMMA) throw new SyntaxError("a comma is missing");
    at = skipBlank(json, at + 1);
  }
  throw new SyntaxError("too many members");
}

/** The index behind the value at `start`. Its text is not checked. */
function endOfValue(json: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) {
      at += 1;
      while (at < json.length && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
      if (depth === 0) return Math.min(at + 1, json.length);
    } else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) {
      if (++depth > MAX_DEPTH) throw new SyntaxError("nested too deeply");
    } else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) {
      if (depth === 0) return atLeastOne(start, at);
      if (--depth === 0) return at + 1;
    } else if (depth === 0 && (byte === COMMA || isBlank(byte))) return atLeastOne(start, at);
  }
  throw new SyntaxError("the text ends too early");
}

function atLeastOne(start: number, end: number): number {
  if (end === start) throw new SyntaxError("a value is missing");
  return end;
}

function skipBlank(json: Buffer, from: number): number {
  let at = from;
  while (at < json.length && isBlank(json[at])) at += 1;
  return at;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** latin1: ids, types and numbers are ASCII, and nothing else is used. */
function parse(json: Buffer, start: number, end: number): unknown {
  return JSON.parse(textOf(json, start, end));
}

function textOf(json: Buffer, start: number, end: number): string {
  if (end - start > MAX_PARSED_BYTES) throw new SyntaxError("a value is too long");
  return json.toString("latin1", start, end);
}
