import type { KeyObject } from "node:crypto";

import type { InventoryState } from "../inventory/inventory.ts";
import { decodeInventory, encodeInventory } from "./inventory-record.ts";
import { openLine, seal } from "./line.ts";
import { openOwnFile, writeOwnFile } from "./own-file.ts";

/** 50,000 packs without an index file take 6 MiB, 1 million snapshots 20 MiB. */
const MAX_BYTES = 64 * 2 ** 20;

/** The file with the state after the last inventory of one repository. Its methods reject if the file cannot be used. */
export class InventoryFile {
  readonly #path: string;
  readonly #repositoryId: string;
  readonly #key: KeyObject;
  readonly #openedAt: number;

  /**
   * @param key derived from the master key: a file that was written without the repository's password is rejected
   * @param openedAt becomes the time of last use of the file, milliseconds since the epoch
   */
  constructor(path: string, repositoryId: string, key: KeyObject, openedAt: number) {
    this.#path = path;
    this.#repositoryId = repositoryId;
    this.#key = key;
    this.#openedAt = openedAt;
  }

  /** undefined: there is none. */
  async load(): Promise<InventoryState | undefined> {
    const file = await openOwnFile(this.#path);
    if (!file) return undefined;
    try {
      const { size } = await file.stat();
      if (size > MAX_BYTES) throw new Error(`${this.#path} has ${size} bytes: remove it`);
      const text = openLine((await file.readFile("utf8")).trimEnd(), this.#key);
      const state = text === undefined ? undefined : decodeInventory(this.#repositoryId, text);
      if (!state) throw new Error(`${this.#path} was not written with this repository's key`);
      await file.utimes(this.#openedAt / 1000, this.#openedAt / 1000);
      return state;
    } finally {
      await file.close();
    }
  }

  keep(state: InventoryState): Promise<void> {
    return writeOwnFile(this.#path, seal(encodeInventory(this.#repositoryId, state), this.#key));
  }
}
