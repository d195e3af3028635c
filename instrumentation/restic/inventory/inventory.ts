/** The numbers of an inventory. A number that is not known is absent. */
export interface InventoryCounts {
  /** Packs in the listing, and their bytes. */
  readonly packs?: number;
  readonly storedBytes?: number;
  /** Bytes of distinct blobs in the index, as stored; of all blobs if there are more than `exactBlobs`. */
  readonly indexedBytes?: number;
  readonly duplicateBytes?: number;
  /** Bytes of distinct blobs before compression and encryption. */
  readonly uncompressedBytes?: number;
  readonly treeBlobs?: number;
  readonly dataBlobs?: number;
  readonly missingPacks?: number;
  readonly missingBytes?: number;
  readonly damagedPacks?: number;
  readonly orphanPacks?: number;
  readonly orphanBytes?: number;
  readonly lostPacks?: number;
  readonly indexFiles?: number;
  readonly unreadIndexFiles?: number;
  readonly unreadableIndexFiles?: number;
  readonly unrestorableSnapshots?: number;
  readonly prunableBytes?: number;
  readonly logicalBytes?: number;
}

/** What an inventory of one repository found. Only what a second look confirmed. */
export interface Inventory {
  /** When it ended, milliseconds since the epoch. */
  readonly at: number;
  readonly durationSeconds: number;
  readonly counts: InventoryCounts;
  /** Ids of packs, up to 100 of each kind. */
  readonly missing: readonly string[];
  readonly damaged: readonly string[];
  readonly orphans: readonly string[];
  readonly lost: readonly string[];
  /** Index files that cannot be read, up to 100: id, and why; the reason completes "the file …". */
  readonly unreadable: readonly (readonly [id: string, reason: string])[];
  /** Ids of all snapshots whose root tree is in no index file. */
  readonly unrestorable: readonly string[];
}

/** What the last look at the packs of one folder, such as `data/ab`, found. */
export interface FolderLook {
  readonly packs: number;
  readonly storedBytes: number;
  readonly missing: number;
  readonly missingBytes: number;
  readonly damaged: number;
}

/** A pack that is in no index file. */
export interface Stray {
  readonly size: number;
  /** When it was first seen, milliseconds since the epoch. */
  readonly since: number;
  /** It was in an index file at an earlier inventory. */
  readonly wasIndexed: boolean;
  /** It was seen twice, an hour apart, and no lock was there. */
  readonly isConfirmed: boolean;
}

/** What is kept from one inventory to the next, beside the records of index files. */
export interface InventoryState {
  readonly inventory: Inventory;
  /** By the first byte of the ids. */
  readonly folders: ReadonlyMap<number, FolderLook>;
  readonly nextSlice: number;
  /** By id. */
  readonly strays: ReadonlyMap<string, Stray>;
  /** Snapshots whose root tree is in no index file, and since when, milliseconds since the epoch. */
  readonly suspects: ReadonlyMap<string, number>;
  /** Snapshots that were here once: the first 16 digits of their ids. */
  readonly seen: ReadonlySet<string>;
}
