import { AgentError } from "../../core/error.ts";
import { isJsonObject } from "../../core/json.ts";
import { listedFiles, maxListedNames, MAX_NAME_LENGTH, tooManyNames } from "../backend.ts";
import type { FileType, ListedFile, ListedFiles, ListOptions } from "../backend.ts";
import { ArrayReader } from "./array-reader.ts";

/** A body that is `null`, with white space, is shorter. */
const NULL_BYTES = 16;

/** Files in a part. */
const PART = 500;

/** Bytes of a body in addition to those of its entries, of which each may have 1 KiB: a body that is no listing ends early. */
const SLACK_BYTES = 2 ** 20;
const ENTRY_BYTES = 2 ** 10;

/**
 * Reads a listing of a REST server that arrives in pieces: version 2 lists names and sizes, version 1 names alone. Other files in the
 * folder may be listed too. Packs are listed without their folders.
 */
export class ListingReader {
  readonly #type: FileType;
  readonly #where: string;
  readonly #options: ListOptions;
  /** The first bytes: some servers list an empty folder as `null`, which is what Go makes of a list without elements. */
  #start = "";
  #part: ListedFile[] = [];
  /** All parts, without a receiver. */
  readonly #parts: ListedFiles[] = [];
  readonly #array = new ArrayReader((entry) => {
    this.#entries += 1;
    for (const file of fileOf(entry)) {
      this.#hasName = true;
      if (file.name.length <= MAX_NAME_LENGTH) this.#part.push(file);
    }
    if (this.#part.length === PART) this.#endPart();
  });
  #entries = 0;
  #hasName = false;
  #bytes = 0;
  #isValid = true;

  /** @param where the folder, safe to print */
  constructor(type: FileType, where: string, options: ListOptions = {}) {
    this.#type = type;
    this.#where = where;
    this.#options = options;
  }

  get receivedBytes(): number {
    return this.#bytes;
  }

  /** @throws AgentError `other` if there are too many entries, or too many bytes beside them */
  push(piece: Buffer): void {
    if (this.#bytes < NULL_BYTES) this.#start += piece.toString("latin1", 0, NULL_BYTES);
    this.#bytes += piece.length;
    this.#check(() => this.#array.push(piece));
    if (this.#entries > maxListedNames(this.#type)) throw tooManyNames(this.#where, this.#type);
    if (this.#bytes > SLACK_BYTES + this.#entries * ENTRY_BYTES)
      throw new AgentError(
        "other",
        `${this.#where}: the response is longer than a listing of a restic REST server: is a proxy or a login page in front of it?`,
      );
  }

  /** The files that no receiver got; undefined: the response is not a listing. */
  end(): ListedFiles | undefined {
    const isNull = this.#bytes < NULL_BYTES && this.#start.trim() === "null";
    if (!isNull) this.#check(() => this.#array.end());
    // Without a single name the folder would look empty.
    const isForeign = this.#entries > 0 && !this.#hasName;
    if (!isNull && (!this.#isValid || isForeign)) return undefined;
    this.#parts.push(listedFiles(this.#part, this.#options));
    const sizes = this.#parts.flatMap((part) => part.sizes ?? []);
    const names = this.#parts.flatMap((part) => part.names);
    return { names, sizes: sizes.length === names.length ? sizes : undefined };
  }

  #endPart(): void {
    const part = listedFiles(this.#part, this.#options);
    this.#part = [];
    if (this.#options.onPart) this.#options.onPart(part);
    else this.#parts.push(part);
  }

  #check(read: () => void): void {
    if (!this.#isValid) return;
    try {
      read();
    } catch {
      this.#isValid = false;
    }
  }
}

function fileOf(entry: unknown): readonly ListedFile[] {
  const object = isJsonObject(entry) ? entry : { name: entry };
  const { name, size } = object;
  return typeof name === "string" ? [{ name, size }] : [];
}
