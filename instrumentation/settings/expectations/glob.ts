/** A pattern of names. */
export interface Glob {
  /** As it was written. */
  readonly source: string;
  /** The one name that a pattern without `*`, `?` and `[…]` matches; undefined: it can match any number of names. */
  readonly literal: string | undefined;
  /** Takes time in proportion to the length of the text. */
  matches(text: string): boolean;
}

/** A list of names and globs. */
export class NameList {
  readonly literals: ReadonlySet<string>;
  /** Patterns that stand for any number of names. */
  readonly globs: readonly Glob[];

  constructor(all: readonly Glob[]) {
    this.literals = new Set(all.flatMap(({ literal }) => literal ?? []));
    this.globs = all.filter(({ literal }) => literal === undefined);
  }

  /** A name is tried before the globs. */
  match(name: string): "name" | "glob" | undefined {
    if (this.literals.has(name)) return "name";
    return this.globs.some((glob) => glob.matches(name)) ? "glob" : undefined;
  }
}

/** A set of characters: those in the ranges of code points, or all others. */
interface Letters {
  readonly ranges: readonly (readonly [first: number, last: number])[];
  readonly isNegated: boolean;
}

const STAR = "*";
type Token = Letters | typeof STAR;

/** Bounds the steps of a match for each character of the text. */
const MAX_TOKENS = 1024;
/** Leaves 16 characters of a pattern for each that it stands for. */
const MAX_LENGTH = 16 * MAX_TOKENS;

const ANY: Letters = { ranges: [], isNegated: true };
const SPECIAL: ReadonlySet<string | undefined> = new Set(["*", "?", "[", "]", "{", "\\"]);

/**
 * Parses a glob: `*` (any text, with `/`), `?`, `[a-z]`, `[!a-z]`, `[a-z]{n}`. `\` takes away the meaning of the next of these letters,
 * and stands for itself before any other one. A text that equals the pattern always matches.
 * @returns an Error whose message completes "the pattern …" if it is invalid
 */
export function parseGlob(source: string): Glob | Error {
  if (source.length > MAX_LENGTH) return new Error(`is longer than ${MAX_LENGTH} characters`);
  const letters = Array.from(source);
  const tokens: Token[] = [];
  let name = "";
  let isLiteral = true;
  for (let at = 0; at < letters.length;) {
    const letter = letters[at] ?? "";
    if (letter === "[") {
      const read = readClass(letters, at);
      if (read instanceof Error) return read;
      if (read.times > MAX_TOKENS) return TOO_LONG;
      for (let index = 0; index < read.times; index++) tokens.push(read.letters);
      isLiteral = false;
      at = read.end;
    } else if (letter === "*" || letter === "?") {
      tokens.push(letter === "*" ? STAR : ANY);
      isLiteral = false;
      at += 1;
    } else {
      const isEscape = letter === "\\" && SPECIAL.has(letters[at + 1]);
      const meant = isEscape ? (letters[at + 1] ?? "") : letter;
      tokens.push(only(meant));
      name += meant;
      at += isEscape ? 2 : 1;
    }
    if (tokens.length > MAX_TOKENS) return TOO_LONG;
  }
  const prefix = prefixOf(source);
  return {
    source,
    literal: isLiteral ? name : undefined,
    matches: (text) =>
      text === source ||
      (isLiteral ? text === name : text.startsWith(prefix) && matches(tokens, text)),
  };
}

/** The pattern whose literal is this name. */
export function escapeGlob(name: string): string {
  return name.replaceAll(/[*?[\]{\\]/g, String.raw`\$&`);
}

/** The text before the first letter with a meaning: most names differ there. */
function prefixOf(source: string): string {
  const end = source.search(/[*?[\\]/);
  return end < 0 ? source : source.slice(0, end);
}

const TOO_LONG = new Error(`stands for more than ${MAX_TOKENS} characters`);

function only(letter: string): Letters {
  const code = codeOf(letter);
  return { ranges: [[code, code]], isNegated: false };
}

function codeOf(letter: string | undefined): number {
  return letter?.codePointAt(0) ?? 0;
}

/** Reads `[…]` and `[…]{n}` from the bracket on. A `]` that comes first is a letter of the class, as in POSIX. */
function readClass(
  letters: readonly string[],
  start: number,
): { readonly letters: Letters; readonly times: number; readonly end: number } | Error {
  let at = start + 1;
  const isNegated = letters[at] === "!" || letters[at] === "^";
  if (isNegated) at += 1;
  const ranges: [number, number][] = [];
  const letterAt = (): string | undefined => {
    if (letters[at] === "\\" && at + 1 < letters.length) at += 1;
    return letters[at++];
  };
  while (letters[at] !== "]" || ranges.length === 0) {
    const first = letterAt();
    if (first === undefined) return new Error('has a "[" without its "]"');
    const isRange = letters[at] === "-" && letters[at + 1] !== "]" && at + 1 < letters.length;
    if (isRange) at += 1;
    const last = isRange ? letterAt() : first;
    if (codeOf(last) < codeOf(first)) return new Error(`has a range that ends before it begins`);
    ranges.push([codeOf(first), codeOf(last)]);
  }
  at += 1;
  if (letters[at] !== "{") return { letters: { ranges, isNegated }, times: 1, end: at };
  const close = letters.indexOf("}", at);
  const times = close < 0 ? "" : letters.slice(at + 1, close).join("");
  if (!/^[1-9]\d{0,4}$/.test(times)) return new Error("needs a number from 1 in {n} after […]");
  return { letters: { ranges, isNegated }, times: Number(times), end: close + 1 };
}

/** Goes back to the last star alone: an earlier one need not take more. */
function matches(tokens: readonly Token[], text: string): boolean {
  if (tokens.length === 1 && tokens[0] === STAR) return true;
  const letters = Array.from(text, codeOf);
  let token = 0;
  let star = -1;
  let retry = 0;
  for (let at = 0; at < letters.length;) {
    const current = tokens[token];
    if (current === STAR) {
      star = token++;
      retry = at;
    } else if (current !== undefined && accepts(current, letters[at] ?? 0)) {
      token += 1;
      at += 1;
    } else if (star >= 0) {
      token = star + 1;
      at = ++retry;
    } else return false;
  }
  while (tokens[token] === STAR) token += 1;
  return token === tokens.length;
}

function accepts({ ranges, isNegated }: Letters, code: number): boolean {
  return ranges.some(([first, last]) => first <= code && code <= last) !== isNegated;
}
