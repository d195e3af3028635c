import { isJsonObject } from "../../core/json.ts";
import { ArrayReader } from "./array-reader.ts";

/** A body that is `null`, with white space, is shorter. */
const NULL_BYTES = 16;

/**
 * Reads a listing of a REST server that arrives in pieces: version 2 lists names and sizes, version 1 names alone. Other files in the
 * folder may be listed too.
 */
export class ListingReader {
  /** The first bytes: some servers list an empty folder as `null`, which is what Go makes of a list without elements. */
  #start = "";
  readonly #names: string[] = [];
  readonly #array = new ArrayReader((entry) => {
    this.#entries += 1;
    this.#names.push(...nameOf(entry));
  });
  #entries = 0;
  #bytes = 0;
  #isValid = true;
  readonly #maxNames: number;

  constructor(maxNames: number) {
    this.#maxNames = maxNames;
  }

  get receivedBytes(): number {
    return this.#bytes;
  }

  /** Nothing is kept any more. */
  get isTooLong(): boolean {
    return this.#entries > this.#maxNames;
  }

  push(piece: Buffer): void {
    if (this.#bytes < NULL_BYTES) this.#start += piece.toString("latin1", 0, NULL_BYTES);
    this.#bytes += piece.length;
    this.#check(() => this.#array.push(piece));
  }

  /** All names; undefined: the response is not a listing. */
  end(): readonly string[] | undefined {
    if (this.#bytes < NULL_BYTES && this.#start.trim() === "null") return [];
    this.#check(() => this.#array.end());
    return this.#isValid ? this.#names : undefined;
  }

  #check(read: () => void): void {
    if (!this.#isValid || this.isTooLong) return;
    try {
      read();
    } catch {
      this.#isValid = false;
    }
  }
}

function nameOf(entry: unknown): readonly string[] {
  if (typeof entry === "string") return [entry];
  const name = isJsonObject(entry) ? entry["name"] : undefined;
  return typeof name === "string" ? [name] : [];
}
