import { isJsonObject } from "../../core/json.ts";
import { ArrayReader } from "./array-reader.ts";

/**
 * Reads a listing of a REST server that arrives in pieces: version 2 lists names and sizes, version 1 names alone. Other files in the
 * folder may be listed too.
 */
export class ListingReader {
  readonly #names: string[] = [];
  readonly #array = new ArrayReader((entry) => this.#names.push(...nameOf(entry)));
  #bytes = 0;
  #isValid = true;

  get receivedBytes(): number {
    return this.#bytes;
  }

  push(piece: Buffer): void {
    this.#bytes += piece.length;
    this.#check(() => this.#array.push(piece));
  }

  /** All names; undefined: the response is not a listing. */
  end(): readonly string[] | undefined {
    this.#check(() => this.#array.end());
    return this.#isValid ? this.#names : undefined;
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

function nameOf(entry: unknown): readonly string[] {
  if (typeof entry === "string") return [entry];
  const name = isJsonObject(entry) ? entry["name"] : undefined;
  return typeof name === "string" ? [name] : [];
}
