import type { KeyObject } from "node:crypto";

import type { KeptInventory } from "../inventory/keeper.ts";
import { IndexJournal } from "./index-journal.ts";
import { InventoryFile } from "./inventory-file.ts";

/** How a file is used. */
export interface FileUse {
  /** Logs that a file cannot be used. */
  readonly warn: (what: string, error: unknown) => void;
  /** Becomes the time of last use, milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Opens the two files of an inventory, which have `path` with an ending. Never rejects: at worst nothing is known.
 * @param key derived from the master key
 */
export async function openInventory(
  path: string,
  repositoryId: string,
  key: KeyObject,
  { warn, now }: FileUse,
): Promise<KeptInventory> {
  const file = new InventoryFile(`${path}.inventory`, repositoryId, key, now);
  const state = await file.load().catch((error: unknown) => {
    warn("discarding the last inventory of a repository", error);
    return undefined;
  });
  const keep: KeptInventory["keep"] = (after) =>
    file
      .keep(after)
      .catch((error: unknown) => warn("cannot keep the inventory of a repository", error));
  return { index: new IndexJournal(`${path}.index`, key), state, keep };
}
