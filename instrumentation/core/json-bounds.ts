/** Bounds of JSON before it is parsed. A few KiB of compressed brackets would take seconds and hundreds of MiB. */
export interface JsonBounds {
  /** Arrays and objects inside of each other. */
  readonly depth: number;
  /** Arrays and objects. */
  readonly containers: number;
  readonly commas: number;
  /** Members of objects: each name that is new to the parser takes a microsecond. Default: as many as the commas allow. */
  readonly members?: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Counts brackets, braces, colons and commas outside of strings, in one pass. The bytes need not be valid JSON.
 * @returns what there is too much of; undefined: all bounds hold
 */
export function exceededBound(json: Uint8Array, bounds: JsonBounds): string | undefined {
  let depth = 0;
  let containers = 0;
  let commas = 0;
  let members = 0;
  const maxMembers = bounds.members ?? Infinity;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) at = endOfString(json, at + 1);
    else if (byte === COMMA) {
      if (++commas > bounds.commas) return `more than ${bounds.commas} commas`;
    } else if (byte === COLON) {
      if (++members > maxMembers) return `more than ${maxMembers} members`;
    } else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) {
      if (++depth > bounds.depth) return `a depth of more than ${bounds.depth}`;
      if (++containers > bounds.containers)
        return `more than ${bounds.containers} arrays and objects`;
    } else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) depth -= 1;
  }
  return undefined;
}

/** The index of the closing quote, or the length. */
function endOfString(json: Uint8Array, from: number): number {
  let at = from;
  while (at < json.length && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at;
}
