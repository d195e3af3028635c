import { isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from "yaml";
import type { Alias, Document, YAMLError } from "yaml";

/** A scalar without quotes: what it means is the reader's to say. */
export class PlainScalar {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

interface DocumentOptions {
  /** Scalars as they are written: text if they are in quotes, else PlainScalar. Keys are text. Default: by YAML's core schema. */
  readonly scalars?: "written";
}

/** A settings file as YAML, of which JSON is a part, with the place of everything in it. */
export class SettingsDocument {
  readonly file: string;
  readonly value: unknown;
  /** What is wrong with the text itself, as a line. */
  readonly problems: readonly string[];
  readonly #lines = new LineCounter();
  readonly #document: Document;

  constructor(file: string, text: string, { scalars }: DocumentOptions = {}) {
    this.file = file;
    // Messages of the parser quote the text, which holds secrets: only their codes and places are used.
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      logLevel: "error",
      ...(scalars === "written" && { schema: "failsafe", merge: true }),
    });
    const fault = this.#fault(text);
    this.problems = fault === undefined ? [] : [fault];
    if (fault !== undefined) return;
    if (scalars === "written") markPlain(this.#document);
    try {
      this.value = this.#document.toJS({ maxAliasCount: 100 });
    } catch {
      // The exception quotes the text.
      this.problems = [this.#at(0, "", "its aliases expand to far too much")];
    }
  }

  /** The first fault of the text: those that the parser finds behind it follow from it mostly. */
  #fault(text: string): string | undefined {
    const comment = /^[\t ]*\/\//m.exec(text);
    if (comment) return this.#at(comment.index, "", "// begins no comment here: use #");
    const alias = unresolvedAlias(this.#document);
    if (alias) return this.#at(start(alias) ?? 0, "", QUOTES_NEEDED);
    const [error] = this.#document.errors;
    return error && this.#at(error.pos[0], "", reason(error, text));
  }

  /** `file:line:column: path: message`, for the key or entry that the path names, or the nearest one around it. */
  problem(path: readonly (string | number)[], message: string): string {
    return this.#at(this.#offset(path), printPath(path), message);
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

const QUOTES_NEEDED = "a value that begins with *, @, & or % must be put in quotes";

/** What begins with `*` and names nothing: a cron rule, a password. */
function unresolvedAlias(document: Document): Alias | undefined {
  let found: Alias | undefined;
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document)) return undefined;
      found = alias;
      return visit.BREAK;
    },
  });
  return found;
}

function start(node: unknown): number | undefined {
  return typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range)
    ? Number(node.range[0])
    : undefined;
}

function printPath(path: readonly (string | number)[]): string {
  return path
    .map((step, index) =>
      typeof step === "number" ? `[${step}]` : `${index === 0 ? "" : "."}${step}`,
    )
    .join("");
}

function reason({ code, pos }: YAMLError, text: string): string {
  switch (code) {
    case "DUPLICATE_KEY": {
      const key = /^["']?([\w.-]+)/.exec(text.slice(pos[0]))?.[1] ?? "";
      return `the key ${key} stands here a second time`;
    }
    case "TAB_AS_INDENT":
      return "a tab indents nothing in YAML: use blanks";
    case "MULTIPLE_DOCS":
      return "a second document begins here: a file has one";
    case "BAD_SCALAR_START":
    case "BAD_ALIAS":
      return QUOTES_NEEDED;
    default:
      return pos[0] >= text.trimEnd().length
        ? "the file ends in the middle: a bracket or a quote is not closed"
        : "is neither valid JSON nor YAML here: a bracket, a quote, a comma or a blank too many or missing";
  }
}
