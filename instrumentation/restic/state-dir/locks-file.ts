import type { TextKeeper } from "../repository/snapshot-cache.ts";
import { openLine, seal } from "./line.ts";
import { readOwnFile, writeOwnFile } from "./own-file.ts";

type Key = Parameters<TextKeeper["load"]>[1];

/** 1,000 locks with names of a usual length take 200 KiB. */
const MAX_BYTES = 16 * 2 ** 20;

/** The file with the locks of one repository, sealed with a key that is derived from the master key. Its methods reject if the file cannot be used. */
export class LocksFile implements TextKeeper {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async load(repositoryId: string, master: Key): Promise<string | undefined> {
    const line = await readOwnFile(this.#path, MAX_BYTES);
    return line === undefined ? undefined : openLine(line.trimEnd(), keyOf(repositoryId, master));
  }

  keep(text: string, repositoryId: string, master: Key): Promise<void> {
    return writeOwnFile(this.#path, seal(text, keyOf(repositoryId, master)));
  }
}

function keyOf(repositoryId: string, master: Key): ReturnType<Key["derive"]> {
  return master.derive(`restic-otel locks of ${repositoryId}`);
}
