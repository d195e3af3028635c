import { AgentError } from "../../core/error.ts";
import type { ListedFiles } from "../../backends/backend.ts";
import { BLOB_OVERHEAD, PACK_OVERHEAD } from "./decode-index.ts";
import { HashSet } from "./hash-set.ts";
import { BLOB_ROW_BYTES, PACK_ROW_BYTES, readPack } from "./index-record.ts";
import type { IndexRecord, PackRow, RecordHead } from "./index-record.ts";
import { ID_BYTES, MARK, PackTable } from "./pack-table.ts";

const FILE_ID = /^[0-9a-f]{64}$/;

/** Packs and blobs between two turns of the event loop: 1 ms, and 10 ms for the first ones, whose code is not compiled yet. */
const AT_ONCE = 4000;

/** The packs of a listing. */
export class PackListing {
  readonly table: PackTable;
  /** Packs whose size the server did not tell. */
  #unsized = 0;
  readonly #isWanted: (id: Buffer) => boolean;
  readonly #id = Buffer.alloc(ID_BYTES);

  /**
   * @param expected the number of packs, about
   * @param isWanted others are left out; default: all are wanted
   */
  constructor(expected: number, isWanted: (id: Buffer) => boolean = () => true) {
    this.table = new PackTable(expected);
    this.#isWanted = isWanted;
  }

  add({ names, sizes }: ListedFiles): void {
    for (const [index, name] of names.entries()) {
      if (!FILE_ID.test(name)) continue;
      this.#id.write(name, "hex");
      if (!this.#isWanted(this.#id)) continue;
      const size = sizes?.[index];
      if (size === undefined) this.#unsized += 1;
      this.table.put(this.#id, 0, size ?? 0);
    }
  }

  /** @param location of the storage, safe to print @throws AgentError `config` if a pack has no size */
  checkSizes(location: string): void {
    if (this.#unsized > 0)
      throw new AgentError(
        "config",
        `${location} lists packs without valid sizes, which an inventory needs: a REST server must have version 2 of the protocol`,
      );
  }

  /** The size of the pack in a row of another table; undefined: it is not listed. */
  sizeOf(table: PackTable, row: number): number | undefined {
    const found = table.rowIn(this.table, row);
    return found === undefined ? undefined : this.table.size(found);
  }
}

/** The rows of a table that have packs of an index file. */
export function* rowsOf({ packs }: IndexRecord, table: PackTable): Generator<number> {
  for (let at = 0; at < packs.length; at += PACK_ROW_BYTES) {
    const row = table.find(packs, at);
    if (row !== undefined) yield row;
  }
}

/** Sums over all index files. Bytes are those of distinct blobs, as stored, unless `isExact` is false: then all blobs count. */
export interface Sums {
  readonly isExact: boolean;
  readonly indexedBytes: number;
  readonly duplicateBytes: number;
  readonly uncompressedBytes: number;
  readonly treeBlobs: number;
  readonly dataBlobs: number;
}

export interface CensusOptions {
  /** The packs of the folders that were listed. */
  readonly listing: PackListing;
  /** Whether `data/ab` was listed; `folder` is 0xab. */
  readonly isListed: (folder: number) => boolean;
  /** The heads of all records that will be taken. */
  readonly heads: Iterable<RecordHead>;
  /** Ids of the root trees that are searched for. */
  readonly roots: Iterable<string>;
  readonly exactBlobs: number;
}

/**
 * Compares the index with a listing of packs, record by record. Only packs of stable index files, which were there before and after
 * the listing, can be missing or damaged: they existed all the while.
 */
export class Census {
  /** Packs of stable index files that are not listed, with their size by the index. */
  readonly missing = new PackTable();
  readonly #options: CensusOptions;
  readonly #packs: HashSet;
  readonly #blobs: HashSet | undefined;
  readonly #roots: HashSet;
  /** Listed packs whose size differs from the index, with the size that all index files together make. */
  readonly #mismatched = new PackTable();
  readonly #foundRoots = new Set<string>();
  #indexedBytes = 0;
  #duplicateBytes = 0;
  #uncompressedBytes = 0;
  #trees = 0;
  #data = 0;

  constructor(options: CensusOptions) {
    this.#options = options;
    const heads = [...options.heads];
    const packs = heads.reduce((sum, head) => sum + head.packs, 0);
    const blobs = heads.reduce((sum, head) => sum + head.blobs, 0);
    const isExact = blobs <= options.exactBlobs && heads.every(({ hasData }) => hasData);
    this.#packs = new HashSet(packs);
    this.#blobs = isExact ? new HashSet(blobs) : undefined;
    const roots = new Set([...options.roots].map(prefixOf));
    this.#roots = new HashSet(roots.size);
    for (const root of roots) {
      const bytes = Buffer.from(root, "hex");
      this.#roots.add(bytes.readUInt32LE(0), bytes.readUInt32LE(4));
    }
  }

  /** Yields between steps of a few milliseconds. */
  *take(record: IndexRecord, isStable: boolean): Generator<void> {
    const { packs, trees, data, deleted } = record;
    let treesAt = 0;
    let dataAt = 0;
    let work = 0;
    for (let at = 0; at < packs.length; at += PACK_ROW_BYTES) {
      const row = readPack(packs, at);
      this.#compare(packs, at, row.size, isStable);
      const treesEnd = treesAt + row.trees * BLOB_ROW_BYTES;
      const dataEnd = dataAt + row.data * BLOB_ROW_BYTES;
      // A pack may be in several index files, after an interrupted prune.
      const low = (packs.readUInt32LE(at + 4) ^ row.size) >>> 0;
      if (this.#packs.add(packs.readUInt32LE(at), low)) {
        if (!this.#blobs) this.#countAll(row);
        else {
          this.#trees += this.#countDistinct(trees, treesAt, treesEnd);
          if (data) this.#data += this.#countDistinct(data, dataAt, dataEnd);
        }
      }
      this.#findRoots(trees, treesAt, treesEnd);
      treesAt = treesEnd;
      dataAt = dataEnd;
      work += 1 + row.trees + row.data;
      if (work < AT_ONCE) continue;
      work = 0;
      yield;
    }
    for (let at = 0; at < deleted.length; at += ID_BYTES) {
      const row = this.#options.listing.table.find(deleted, at);
      if (row !== undefined) this.#options.listing.table.mark(row, MARK.indexed);
    }
  }

  get sums(): Sums {
    return {
      isExact: this.#blobs !== undefined,
      indexedBytes: this.#indexedBytes,
      duplicateBytes: this.#duplicateBytes,
      uncompressedBytes: this.#uncompressedBytes,
      treeBlobs: this.#trees,
      dataBlobs: this.#data,
    };
  }

  /**
   * Listed packs with the size that they should have: that of an index file, or of all of them together, as restic before 0.10 divided
   * packs.
   */
  damaged(): PackTable {
    const { table } = this.#options.listing;
    return this.#mismatched.filter((at) => {
      const row = this.#mismatched.rowIn(table, at);
      const expected = this.#mismatched.size(at);
      return row !== undefined && !table.is(row, MARK.sized) && table.size(row) !== expected;
    });
  }

  /** Whether a tree is in the index. */
  hasTree(id: string): boolean {
    return this.#foundRoots.has(prefixOf(id));
  }

  #compare(packs: Buffer, at: number, size: number, isStable: boolean): void {
    const { listing, isListed } = this.#options;
    const row = listing.table.find(packs, at);
    if (row === undefined) {
      if (isStable && isListed(packs[at] ?? 0)) this.missing.put(packs, at, size);
      return;
    }
    listing.table.mark(row, MARK.indexed);
    if (listing.table.size(row) === size) listing.table.mark(row, MARK.sized);
    else if (isStable) {
      const known = this.#mismatched.find(packs, at);
      if (known === undefined) this.#mismatched.put(packs, at, size);
      else this.#mismatched.addToSize(known, size - PACK_OVERHEAD);
    }
  }

  #countAll({ bytes, trees, data }: PackRow): void {
    this.#indexedBytes += bytes;
    this.#trees += trees;
    this.#data += data;
  }

  /** @returns how many of the blobs were not seen before */
  #countDistinct(rows: Buffer, from: number, to: number): number {
    let distinct = 0;
    for (let at = from; at < to; at += BLOB_ROW_BYTES) {
      const length = rows.readUInt32LE(at + 8);
      if (!this.#blobs?.add(rows.readUInt32LE(at), rows.readUInt32LE(at + 4))) {
        this.#duplicateBytes += length;
        continue;
      }
      distinct += 1;
      this.#indexedBytes += length;
      this.#uncompressedBytes += rows.readUInt32LE(at + 12) || length - BLOB_OVERHEAD;
    }
    return distinct;
  }

  #findRoots(trees: Buffer, from: number, to: number): void {
    for (let at = from; at < to; at += BLOB_ROW_BYTES) {
      const [high, low] = [trees.readUInt32LE(at), trees.readUInt32LE(at + 4)];
      if (this.#roots.has(high, low)) this.#foundRoots.add(trees.toString("hex", at, at + 8));
    }
  }
}

/** The part of an id that a record keeps. */
function prefixOf(id: string): string {
  return id.slice(0, 16);
}
