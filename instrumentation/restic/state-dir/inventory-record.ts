import type {
  FolderLook,
  Inventory,
  InventoryCounts,
  InventoryState,
  Stray,
} from "../inventory/inventory.ts";
import { Fields } from "./fields.ts";

const HEAD = "restic-otel inventory 1";

/** The names of the counts, in the order of a record: new ones are added at the end. */
const COUNTS = [
  "packs",
  "storedBytes",
  "indexedBytes",
  "duplicateBytes",
  "uncompressedBytes",
  "treeBlobs",
  "dataBlobs",
  "missingPacks",
  "missingBytes",
  "damagedPacks",
  "orphanPacks",
  "orphanBytes",
  "lostPacks",
  "indexFiles",
  "unreadIndexFiles",
  "unreadableIndexFiles",
  "unrestorableSnapshots",
  "prunableBytes",
  "logicalBytes",
] as const satisfies readonly (keyof InventoryCounts)[];

/** The state after an inventory as text. */
export function encodeInventory(repositoryId: string, state: InventoryState): string {
  const { inventory, folders, nextSlice, strays, suspects, seen } = state;
  const { at, durationSeconds, counts } = inventory;
  return JSON.stringify([
    HEAD,
    repositoryId,
    at,
    durationSeconds,
    COUNTS.map((name) => counts[name]),
    inventory.missing,
    inventory.damaged,
    inventory.orphans,
    inventory.lost,
    inventory.unreadable,
    inventory.unrestorable,
    [...folders].map(([folder, look]) => [
      folder,
      look.packs,
      look.storedBytes,
      look.missing,
      look.missingBytes,
      look.damaged,
    ]),
    nextSlice,
    [...strays].map(([id, stray]) => [
      id,
      stray.size,
      stray.since,
      Number(stray.wasIndexed),
      Number(stray.isConfirmed),
    ]),
    [...suspects],
    [...seen],
  ]);
}

/** undefined: it is of another version or repository. @throws SyntaxError or TypeError if it is not such a text */
export function decodeInventory(repositoryId: string, text: string): InventoryState | undefined {
  const fields = Fields.parse(text);
  if (fields.text(0) !== HEAD || fields.text(1) !== repositoryId) return undefined;
  const inventory: Inventory = {
    at: fields.number(2),
    durationSeconds: fields.number(3),
    counts: decodeCounts(fields.part(4)),
    missing: fields.part(5).texts(),
    damaged: fields.part(6).texts(),
    orphans: fields.part(7).texts(),
    lost: fields.part(8).texts(),
    unreadable: fields
      .part(9)
      .parts()
      .map((one) => [one.text(0), one.text(1)] as const),
    unrestorable: fields.part(10).texts(),
  };
  return {
    inventory,
    folders: new Map(fields.part(11).parts().map(decodeFolder)),
    nextSlice: fields.number(12),
    strays: new Map(fields.part(13).parts().map(decodeStray)),
    suspects: new Map(
      fields
        .part(14)
        .parts()
        .map((one) => [one.text(0), one.number(1)] as const),
    ),
    seen: new Set(fields.part(15).texts()),
  };
}

function decodeCounts(fields: Fields): InventoryCounts {
  const counts: { -readonly [Name in keyof InventoryCounts]: number } = {};
  for (const [index, name] of COUNTS.entries()) {
    const value = fields.optionalNumber(index);
    if (value !== undefined) counts[name] = value;
  }
  return counts;
}

function decodeFolder(fields: Fields): readonly [folder: number, look: FolderLook] {
  const look = {
    packs: fields.number(1),
    storedBytes: fields.number(2),
    missing: fields.number(3),
    missingBytes: fields.number(4),
    damaged: fields.number(5),
  };
  return [fields.number(0), look];
}

function decodeStray(fields: Fields): readonly [id: string, stray: Stray] {
  const stray = {
    size: fields.number(1),
    since: fields.number(2),
    wasIndexed: fields.number(3) === 1,
    isConfirmed: fields.number(4) === 1,
  };
  return [fields.text(0), stray];
}
