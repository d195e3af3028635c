import { isUtf8 } from "node:buffer";

import { isUtf16, printPath } from "restic-otel-instrumentation/internal";
import { isMap, isNode, isScalar, isSeq, Lexer, LineCounter, parseDocument, visit } from "yaml";
import type { Alias, Document, YAMLError } from "yaml";

/** An unquoted scalar whose type the caller decides. */
export class PlainScalar {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A list of repositories may share one password block. What the aliases expand to is bounded by the size of the file. */
const MAX_ALIASES = 10_000;

/** Why a file cannot be read as text. In another encoding a password with an umlaut would be another one. */
export function encodingProblem(bytes: Uint8Array): string | undefined {
  if (isUtf16(bytes)) return "is in UTF-16: save it as UTF-8";
  return isUtf8(bytes) ? undefined : "is not UTF-8: save it as UTF-8";
}

interface DocumentOptions {
  /** "written": quoted scalars and keys become strings, unquoted scalars PlainScalar. Default: YAML's core schema. */
  readonly scalars?: "written";
  /** Keys that messages may repeat, beside those of repositories. */
  readonly keys?: readonly string[];
}

/** A settings file in YAML or JSON (a subset of YAML), with the position of every value. */
export class SettingsDocument {
  readonly file: string;
  readonly value: unknown;
  /** The first syntax error, if any, as `file:line:column: message`. */
  readonly problems: readonly string[];
  readonly #lines = new LineCounter();
  readonly #document: Document;
  readonly #keys: readonly string[];

  constructor(file: string, text: string, { scalars, keys = [] }: DocumentOptions = {}) {
    this.file = file;
    this.#keys = keys;
    // The parser's messages quote the text, which holds secrets: use only their codes and positions.
    const tooDeep = tooDeepAt(text);
    this.#document = parseDocument(text.slice(0, tooDeep), {
      lineCounter: this.#lines,
      prettyErrors: false,
      logLevel: "error",
      // The library compares each key with all others of its mapping, which takes quadratic time.
      uniqueKeys: false,
      ...(scalars === "written" && { schema: "failsafe", merge: true }),
    });
    const syntaxError =
      tooDeep === undefined
        ? this.#syntaxError(text)
        : this.#at(tooDeep, "", "too many brackets inside of each other");
    this.problems = syntaxError === undefined ? [] : [syntaxError];
    if (syntaxError !== undefined) return;
    if (scalars === "written") markPlain(this.#document);
    try {
      this.value = this.#document.toJS({ maxAliasCount: MAX_ALIASES });
    } catch {
      // The exception quotes the text.
      this.problems = [this.#at(0, "", "aliases expand to too many values")];
    }
  }

  /** The first error only: most later ones are its consequences. */
  #syntaxError(text: string): string | undefined {
    const comment = /^[\t ]*\/\//m.exec(text);
    if (comment) return this.#at(comment.index, "", "// does not start a comment: use #");
    const alias = unresolvedAlias(this.#document);
    if (alias) return this.#at(start(alias) ?? 0, "", QUOTES_NEEDED);
    // The parser takes `!word` for a type and leaves it out: of a password the rest would remain.
    const tag = this.#document.warnings.find(({ code }) => code === "TAG_RESOLVE_FAILED");
    if (tag) return this.#at(tag.pos[0], "", QUOTES_NEEDED);
    const [error] = this.#document.errors;
    const repeated = repeatedKeyAt(this.#document);
    if (repeated !== undefined && repeated <= (error?.pos[0] ?? repeated))
      return this.#at(repeated, "", "the mapping has this key twice: remove one of the two");
    return error && this.#at(error.pos[0], "", reason(error, text));
  }

  /** Formats `file:line:column: path: message` with the position of the key or entry at `path`, or of the nearest enclosing one. */
  problem(path: readonly (string | number)[], message: string): string {
    return this.#at(this.#offset(path), printPath(path, this.value, this.#keys), message);
  }

  #offset(path: readonly (string | number)[]): number {
    let node: unknown = this.#document.contents;
    let offset = start(node) ?? 0;
    for (const step of path) {
      if (isMap(node)) {
        const pair = node.items.find(
          ({ key }) => isScalar(key) && String(key.value) === String(step),
        );
        offset = start(pair?.key) ?? offset;
        node = pair?.value;
      } else if (isSeq(node)) {
        node = node.items[Number(step)];
        offset = start(node) ?? offset;
      } else break;
    }
    return offset;
  }

  #at(offset: number, path: string, message: string): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${this.file}:${line}:${col}: ${path === "" ? "" : `${path}: `}${message}`;
  }
}

function markPlain(document: Document): void {
  visit(document, {
    Scalar(key, scalar) {
      if (key !== "key" && scalar.type === "PLAIN")
        scalar.value = new PlainScalar(scalar.source ?? "");
    },
  });
}

const QUOTES_NEEDED = "a value that begins with !, *, @, & or % must be put in quotes";

/** An alias without an anchor: usually an unquoted cron rule or password that begins with `*`. */
function unresolvedAlias(document: Document): Alias | undefined {
  let found: Alias | undefined;
  const anchors = new Set<string>();
  visit(document, {
    Alias(_key, alias) {
      if (anchors.has(alias.source)) return undefined;
      found = alias;
      return visit.BREAK;
    },
    Value(_key, { anchor }) {
      if (anchor !== undefined) anchors.add(anchor);
    },
  });
  return found;
}

/** The offset of the first key that its mapping has already. */
function repeatedKeyAt(document: Document): number | undefined {
  let found: number | undefined;
  visit(document, {
    Map(_key, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        const name = isScalar(key) ? key.value : key;
        if (seen.has(name)) {
          found = start(key);
          return visit.BREAK;
        }
        seen.add(name);
      }
      return undefined;
    },
  });
  return found;
}

function start(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function reason({ code, pos }: YAMLError, text: string): string {
  switch (code) {
    case "TAB_AS_INDENT":
      return "YAML does not allow tabs for indentation: use spaces";
    case "MULTIPLE_DOCS":
      return "a second YAML document starts here: only one per file is allowed";
    case "BAD_SCALAR_START":
    case "BAD_ALIAS":
      return QUOTES_NEEDED;
    default:
      return pos[0] >= text.trimEnd().length
        ? "unexpected end of file: a bracket or a quote is not closed"
        : "invalid YAML or JSON: check the brackets, quotes, commas and spaces here";
  }
}

/** No setting has more levels. The parser needs 10 µs for each bracket that is not closed. */
const MAX_DEPTH = 64;

/** Marks in the lexer's output that have no text in the file: document, end of a broken flow, scalar. */
const MARKS: ReadonlySet<string> = new Set(["\u0002", "\u0018", "\u001f"]);
const SCALAR = "\u001f";

/** The offset of the first bracket that is too deep inside of others, outside of quotes; undefined: there is none. */
function tooDeepAt(text: string): number | undefined {
  // Counts brackets in quotes too: most files need no second look.
  if (deepest(text) <= MAX_DEPTH) return undefined;
  let depth = 0;
  let offset = 0;
  let isText = false;
  for (const token of new Lexer().lex(text)) {
    if (!isText && (token === "[" || token === "{") && ++depth > MAX_DEPTH) return offset;
    if (!isText && (token === "]" || token === "}")) depth -= 1;
    isText = token === SCALAR;
    if (!MARKS.has(token)) offset += token.length;
  }
  return undefined;
}

function deepest(text: string): number {
  let depth = 0;
  let most = 0;
  for (const letter of text) {
    if (letter === "[" || letter === "{") most = Math.max(most, ++depth);
    else if (letter === "]" || letter === "}") depth -= 1;
  }
  return most;
}
