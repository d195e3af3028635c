import type { Logger } from "../../core/log.ts";
import type { Labels } from "../../core/source.ts";
import type { Inventory, InventoryCounts } from "./inventory.ts";

/** Ids in one line. */
const MAX_IDS = 3;

/** Why each is bad, and what to do. */
const BAD: readonly {
  readonly count: keyof InventoryCounts;
  readonly one: string;
  readonly many: string;
  readonly ids: (inventory: Inventory) => readonly string[];
}[] = [
  {
    count: "missingPacks",
    one: "pack is missing",
    many: "packs are missing",
    ids: ({ missing }) => missing,
  },
  {
    count: "damagedPacks",
    one: "pack has another size than in the index",
    many: "packs have another size than in the index",
    ids: ({ damaged }) => damaged,
  },
  {
    count: "lostPacks",
    one: "pack is no longer in the index",
    many: "packs are no longer in the index",
    ids: ({ lost }) => lost,
  },
  {
    count: "unreadableIndexFiles",
    one: "index file is unreadable",
    many: "index files are unreadable",
    ids: ({ unreadable }) => unreadable.map(([id]) => id),
  },
  {
    count: "unrestorableSnapshots",
    one: "snapshot cannot be restored: its tree is in no index file",
    many: "snapshots cannot be restored: their trees are in no index file",
    ids: ({ unrestorable }) => unrestorable,
  },
];

/** Logs what became worse since the inventory before, and what is good again. */
export function logInventory(
  inventory: Inventory,
  before: Inventory | undefined,
  logger: Logger,
  subject: Labels,
): void {
  for (const { count, one, many, ids } of BAD) {
    const [now, then] = [inventory.counts[count] ?? 0, before?.counts[count] ?? 0];
    if (now > then) {
      const shown = ids(inventory).slice(0, MAX_IDS).join(", ");
      const more = now > MAX_IDS ? ` and ${now - MAX_IDS} more` : "";
      const message = `${now} ${now === 1 ? one : many} (${shown}${more}): run restic check`;
      logger.warn(message, subject);
    } else if (now === 0 && then > 0) logger.info(`no ${many} any more`, subject);
  }
  logger.debug("inventory finished", {
    ...subject,
    seconds: Math.round(inventory.durationSeconds * 1000) / 1000,
    indexFiles: inventory.counts.indexFiles ?? 0,
  });
}
