import { isJsonObject } from "../../core/json.ts";
import { BoundError } from "../repository/json.ts";
import { cutIndex } from "./cut-index.ts";
import type { IndexRecord } from "./index-record.ts";
import { BLOB_ROW_BYTES, PACK_ROW_BYTES } from "./index-record.ts";
import { ID_BYTES } from "./pack-table.ts";

/** Bound of the JSON of an index file: restic 0.14 to 0.16 write up to 150,000 blobs into one, 25 MB. */
export const MAX_INDEX_JSON_BYTES = 128 * 2 ** 20;

const MAX_PACKS = 1_000_000;
/** restic accepts a header of a pack of up to 16 MiB. */
const MAX_BLOBS_OF_PACK = 500_000;

/** Encrypted header and its length field. restic design document, section "Pack Format". */
export const PACK_OVERHEAD = 36;
const ENTRY_BYTES = 37;
const COMPRESSED_ENTRY_BYTES = 41;
/** Nonce and MAC of a blob. */
export const BLOB_OVERHEAD = 32;

/** The JSON of one blob, about: less than restic writes. */
const JSON_OF_BLOB_BYTES = 128;

/** JSON between two turns of the event loop: 2 ms. */
const AT_ONCE_BYTES = 256 * 1024;

const FILE_ID = /^[0-9a-f]{64}$/;
const MAX_LENGTH = 2 ** 32 - 1;

/** Rows of the same length, in a buffer that grows. */
class Rows {
  readonly #rowBytes: number;
  #bytes: Buffer;
  #used = 0;

  /** @param expected the number of rows, about */
  constructor(rowBytes: number, expected = 256) {
    this.#rowBytes = rowBytes;
    this.#bytes = Buffer.alloc(expected * rowBytes);
  }

  get count(): number {
    return this.#used / this.#rowBytes;
  }

  /** Begins a row. @returns the buffer, valid until the next call, and where the row begins */
  next(): readonly [bytes: Buffer, at: number] {
    const at = this.#used;
    this.#used += this.#rowBytes;
    if (this.#used > this.#bytes.length)
      this.#bytes = Buffer.concat([this.#bytes], 2 * this.#bytes.length);
    return [this.#bytes, at];
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#used);
  }
}

/** Reads an index file pack by pack. */
class IndexReader {
  readonly packs = new Rows(PACK_ROW_BYTES);
  readonly deleted = new Rows(ID_BYTES);
  readonly trees = new Rows(BLOB_ROW_BYTES);
  readonly data: Rows;
  #id = "";
  #size = PACK_OVERHEAD;
  #bytes = 0;
  #treesBefore = 0;
  #dataBefore = 0;

  /** @param blobs their number, about */
  constructor(blobs: number) {
    this.data = new Rows(BLOB_ROW_BYTES, blobs);
  }

  /** @param continues the pack goes on */
  takePack(pack: unknown, continues: boolean): void {
    this.#id = packId(pack);
    if (!isJsonObject(pack)) return;
    const blobs = pack["blobs"] ?? [];
    if (!Array.isArray(blobs)) throw new Error(`has a pack ${this.#id} without a list of blobs`);
    for (const blob of blobs) this.#takeBlob(blob);
    if (!continues) this.#endPack();
  }

  takeDeleted(pack: unknown): void {
    const id = packId(pack);
    const [bytes, at] = this.deleted.next();
    bytes.write(id, at, "hex");
  }

  #takeBlob(blob: unknown): void {
    if (!isJsonObject(blob)) throw this.#invalid();
    const { id, type, length, uncompressed_length: uncompressed = 0 } = blob;
    if (typeof id !== "string" || id.length !== 2 * ID_BYTES) throw this.#invalid();
    if (!isLength(length) || length < BLOB_OVERHEAD || !isLength(uncompressed))
      throw this.#invalid();
    if (type !== "data" && type !== "tree") throw this.#invalid();
    const rows = type === "tree" ? this.trees : this.data;
    const [bytes, at] = rows.next();
    if (bytes.write(id, at, 8, "hex") !== 8) throw this.#invalid();
    bytes.writeUInt32LE(length, at + 8);
    bytes.writeUInt32LE(uncompressed, at + 12);
    this.#size += length + (uncompressed > 0 ? COMPRESSED_ENTRY_BYTES : ENTRY_BYTES);
    this.#bytes += length;
  }

  #endPack(): void {
    const trees = this.trees.count - this.#treesBefore;
    const data = this.data.count - this.#dataBefore;
    if (trees + data > MAX_BLOBS_OF_PACK)
      throw new BoundError(`has a pack ${this.#id} of more than ${MAX_BLOBS_OF_PACK} blobs`);
    if (this.packs.count === MAX_PACKS) throw new BoundError(`has more than ${MAX_PACKS} packs`);
    const [bytes, at] = this.packs.next();
    bytes.write(this.#id, at, "hex");
    bytes.writeDoubleLE(this.#size, at + ID_BYTES);
    bytes.writeDoubleLE(this.#bytes, at + ID_BYTES + 8);
    bytes.writeUInt32LE(trees, at + ID_BYTES + 16);
    bytes.writeUInt32LE(data, at + ID_BYTES + 20);
    this.#size = PACK_OVERHEAD;
    this.#bytes = 0;
    this.#treesBefore = this.trees.count;
    this.#dataBefore = this.data.count;
  }

  #invalid(): Error {
    return new Error(`has an invalid blob in the pack ${this.#id}`);
  }
}

function isLength(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MAX_LENGTH;
}

function packId(pack: unknown): string {
  const id = isJsonObject(pack) ? pack["id"] : undefined;
  if (typeof id !== "string" || !FILE_ID.test(id)) throw new Error("has a pack without a valid id");
  return id;
}

/**
 * Decodes the JSON of an index file, in steps of a few milliseconds: yields between them. `supersedes` is ignored, as restic does.
 * @throws Error whose message completes "the file …" and is safe to print; BoundError for more parts than any index file has
 */
export function* decodeIndex(
  json: Buffer,
): Generator<void, Omit<IndexRecord, "id" | "readAt" | "size">> {
  const reader = new IndexReader(Math.ceil(json.length / JSON_OF_BLOB_BYTES));
  try {
    let work = 0;
    for (const { section, pack, continues, bytes } of cutIndex(json)) {
      if (section === "packs") reader.takePack(pack, continues);
      else if (!continues) reader.takeDeleted(pack);
      work += bytes;
      if (work < AT_ONCE_BYTES) continue;
      work = 0;
      yield;
    }
  } catch (error) {
    throw error instanceof SyntaxError ? new Error("is not a valid index") : error;
  }
  return {
    packs: reader.packs.bytes(),
    deleted: reader.deleted.bytes(),
    trees: reader.trees.bytes(),
    data: reader.data.bytes(),
  };
}
