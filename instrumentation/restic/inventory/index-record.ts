import { ID_BYTES } from "./pack-table.ts";

/** A row of `packs`: id, size of the file, bytes of its blobs, number of trees and of data blobs. */
export const PACK_ROW_BYTES = ID_BYTES + 24;

/** A row of `trees` and `data`: the first 8 bytes of the id, length, length before compression or 0. */
export const BLOB_ROW_BYTES = 16;

/** The content of one index file. Its packs with their blobs are in the order of the file. */
export interface IndexRecord {
  /** Id of the index file. */
  readonly id: string;
  /** When the file was read, milliseconds since the epoch. */
  readonly readAt: number;
  /** Bytes of the file. */
  readonly size: number;
  readonly packs: Buffer;
  /** Ids of packs that wait for their deletion: rustic's `packs_to_delete`. */
  readonly deleted: Buffer;
  readonly trees: Buffer;
  /** undefined: left out, as the repository has more blobs than the setting `exactBlobs`. */
  readonly data: Buffer | undefined;
}

/** The numbers in the head of a record. */
export interface RecordHead {
  readonly id: string;
  readonly readAt: number;
  readonly size: number;
  readonly packs: number;
  /** Blobs, whether or not the record has a row for each. */
  readonly blobs: number;
  readonly hasData: boolean;
}

const HEAD_BYTES = ID_BYTES + 8 + 6 * 4;

/** The bytes of a record, in parts. */
export function encodeRecord(record: IndexRecord): readonly Buffer[] {
  const { id, readAt, size, packs, deleted, trees, data } = record;
  const head = Buffer.alloc(HEAD_BYTES);
  head.write(id, "hex");
  head.writeDoubleLE(readAt, ID_BYTES);
  const lengths = [packs.length, deleted.length, trees.length, data?.length ?? 0];
  const numbers = [...lengths, Number(data !== undefined), size];
  for (const [index, number] of numbers.entries())
    head.writeUInt32LE(number, ID_BYTES + 8 + 4 * index);
  return [head, packs, deleted, trees, ...(data ? [data] : [])];
}

/** @throws RangeError if the bytes are no record */
export function decodeRecord(bytes: Buffer): IndexRecord {
  const [packs = 0, deleted = 0, trees = 0, data = 0, hasData = 0, size = 0] = [
    0, 1, 2, 3, 4, 5,
  ].map((index) => bytes.readUInt32LE(ID_BYTES + 8 + 4 * index));
  if (bytes.length !== HEAD_BYTES + packs + deleted + trees + data)
    throw new RangeError("the record has another length");
  let from = HEAD_BYTES;
  const part = (length: number): Buffer => bytes.subarray(from, (from += length));
  return {
    id: bytes.toString("hex", 0, ID_BYTES),
    readAt: bytes.readDoubleLE(ID_BYTES),
    size,
    packs: part(packs),
    deleted: part(deleted),
    trees: part(trees),
    data: hasData === 0 ? undefined : part(data),
  };
}

export function headOf({ id, readAt, size, packs, data }: IndexRecord): RecordHead {
  let blobs = 0;
  for (let at = 0; at < packs.length; at += PACK_ROW_BYTES) {
    const { trees, data: ofData } = readPack(packs, at);
    blobs += trees + ofData;
  }
  return {
    id,
    readAt,
    size,
    packs: packs.length / PACK_ROW_BYTES,
    blobs,
    hasData: data !== undefined,
  };
}

/** A row of `packs`. */
export interface PackRow {
  readonly size: number;
  readonly bytes: number;
  readonly trees: number;
  readonly data: number;
}

export function readPack(packs: Buffer, at: number): PackRow {
  return {
    size: packs.readDoubleLE(at + ID_BYTES),
    bytes: packs.readDoubleLE(at + ID_BYTES + 8),
    trees: packs.readUInt32LE(at + ID_BYTES + 16),
    data: packs.readUInt32LE(at + ID_BYTES + 20),
  };
}
