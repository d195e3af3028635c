import type { KeyObject } from "node:crypto";

import type { InventoryState } from "../inventory/inventory.ts";
import type { KeptInventory } from "../inventory/keeper.ts";
import { IndexJournal } from "./index-journal.ts";
import { decodeInventory, encodeInventory } from "./inventory-record.ts";
import { openLine, seal } from "./line.ts";
import { readOwnFile, writeOwnFile } from "./own-file.ts";

/** 50,000 packs without an index file take 6 MiB, 1 million snapshots 20 MiB. */
const MAX_BYTES = 64 * 2 ** 20;

/** How a file is used. */
export interface FileUse {
  /** Logs that a file cannot be used. */
  readonly warn: (what: string, error: unknown) => void;
  /** Becomes the time of last use, milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Opens the two files of an inventory, which have `path` with an ending. Never rejects: at worst nothing is known.
 * @param key derived from the master key: a file that was written without the repository's password is rejected
 */
export async function openInventory(
  path: string,
  repositoryId: string,
  key: KeyObject,
  { warn, now }: FileUse,
): Promise<KeptInventory> {
  const file = `${path}.inventory`;

  async function load(): Promise<InventoryState | undefined> {
    const line = await readOwnFile(file, MAX_BYTES, now);
    if (line === undefined) return undefined;
    const text = openLine(line.trimEnd(), key);
    const state = text === undefined ? undefined : decodeInventory(repositoryId, text);
    if (!state) throw new Error(`${file} was not written with this repository's key`);
    return state;
  }

  const state = await load().catch((error: unknown) => {
    warn("discarding the last inventory of a repository", error);
    return undefined;
  });
  const keep: KeptInventory["keep"] = (after) =>
    writeOwnFile(file, seal(encodeInventory(repositoryId, after), key)).catch((error: unknown) =>
      warn("cannot keep the inventory of a repository", error),
    );
  return { index: new IndexJournal(`${path}.index`, key), state, keep };
}
