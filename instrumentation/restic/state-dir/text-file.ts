import type { TextKeeper } from "../repository/snapshot-cache.ts";
import { openLine, seal } from "./line.ts";
import { openOwnFile, writeOwnFile } from "./own-file.ts";

type Key = Parameters<TextKeeper["load"]>[1];

/** 1,000 locks with names of a usual length take 200 KiB. */
const MAX_BYTES = 16 * 2 ** 20;

/** A file with one text, sealed with a key that is derived from the master key. Its methods reject if the file cannot be used. */
export class TextFile implements TextKeeper {
  readonly #path: string;
  readonly #purpose: string;

  /** @param purpose each purpose has a key of its own */
  constructor(path: string, purpose: string) {
    this.#path = path;
    this.#purpose = purpose;
  }

  async load(repositoryId: string, master: Key): Promise<string | undefined> {
    const file = await openOwnFile(this.#path);
    if (!file) return undefined;
    try {
      const { size } = await file.stat();
      if (size > MAX_BYTES) throw new Error(`${this.#path} has ${size} bytes: remove it`);
      const line = await file.readFile("utf8");
      return openLine(line.trimEnd(), this.#keyOf(repositoryId, master));
    } finally {
      await file.close();
    }
  }

  keep(text: string, repositoryId: string, master: Key): Promise<void> {
    return writeOwnFile(this.#path, seal(text, this.#keyOf(repositoryId, master)));
  }

  #keyOf(repositoryId: string, master: Key): ReturnType<Key["derive"]> {
    return master.derive(`restic-otel ${this.#purpose} of ${repositoryId}`);
  }
}
