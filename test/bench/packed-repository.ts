import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { zstdCompressSync } from "node:zlib";

import { SealedRepository } from "../support/repository/sealed-repository.ts";
import { CHEAP_SCRYPT, PASSWORD } from "./repositories.ts";

/** restic begins another index file at so many blobs; 0.14 to 0.16 did at 150,000. */
const BLOBS_OF_INDEX = 50_000;
/** One pack in so many has trees. */
const TREES_EACH = 64;
const ID_BYTES = 32;
/** The least length of a blob, and how much longer others are, bytes. */
const BLOB_BYTES = [300_000, 300_000] as const;
const NO_TREE = '{"nodes":[]}\n';

export interface PackedShape {
  readonly packs: number;
  /** In each pack. */
  readonly blobs: number;
  readonly snapshots: number;
  /** Default: 50,000. */
  readonly blobsOfIndex?: number;
  /** Write the packs too: files of the right size that take no room on the disk. */
  readonly withPacks: boolean;
}

/** A repository whose index lists many packs. All of its snapshots have an empty root tree. */
export interface PackedRepository {
  readonly blobs: number;
  readonly indexFiles: number;
  readonly indexBytes: number;
  /** Of all packs, by the index. */
  readonly bytes: number;
  /** Ids of the packs, 32 bytes each, and their sizes. */
  readonly ids: Buffer;
  readonly sizes: Float64Array;
}

/** Writes such a repository into a folder, file by file. */
export function writePackedRepository(folder: string, shape: PackedShape): PackedRepository {
  const sealed = new SealedRepository(PASSWORD, 2, CHEAP_SCRYPT);
  for (const type of ["data", "index", "keys", "locks", "snapshots"])
    mkdirSync(join(folder, type), { recursive: true });
  const flush = (): number => {
    let bytes = 0;
    for (const [path, stored] of sealed.files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), stored);
      bytes += stored.length;
    }
    sealed.files.clear();
    return bytes;
  };
  const root = addRootPack(sealed);
  addSnapshots(sealed, shape.snapshots, root.tree);
  flush();
  const ids = randomBytes(shape.packs * ID_BYTES);
  const sizes = new Float64Array(shape.packs);
  Buffer.from(root.id, "hex").copy(ids);
  sizes[0] = root.size;
  const written = { blobs: 0, indexFiles: 0, indexBytes: 0, bytes: root.size, ids, sizes };
  let packs = [root.json];
  let blobs = 1;
  const endIndex = (): void => {
    if (packs.length === 0) return;
    const json = `{"packs":[${packs.join(",")}]}`;
    sealed.addSealed("index", Buffer.concat([Buffer.of(2), zstdCompressSync(json)]));
    written.indexBytes += flush();
    written.indexFiles += 1;
    written.blobs += blobs;
    packs = [];
    blobs = 0;
  };
  for (let index = 1; index < shape.packs; index++) {
    const id = ids.toString("hex", index * ID_BYTES, (index + 1) * ID_BYTES);
    const { json, size } = packOf(id, shape.blobs, index % TREES_EACH === 0 ? "tree" : "data");
    sizes[index] = size;
    written.bytes += size;
    packs.push(json);
    blobs += shape.blobs;
    if (blobs >= (shape.blobsOfIndex ?? BLOBS_OF_INDEX)) endIndex();
    if (shape.withPacks) writeHole(join(folder, "data", id.slice(0, 2), id), size);
  }
  endIndex();
  return written;
}

/** A pack with one tree without nodes, as restic writes it. restic design document, section "Pack Format". */
function addRootPack(sealed: SealedRepository): {
  readonly id: string;
  readonly tree: string;
  readonly size: number;
  readonly json: string;
} {
  const tree = createHash("sha256").update(NO_TREE).digest();
  const blob = sealed.seal(Buffer.from(NO_TREE));
  const entry = Buffer.alloc(5);
  entry.writeUInt8(1);
  entry.writeUInt32LE(blob.length, 1);
  const header = sealed.seal(Buffer.concat([entry, tree]));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const pack = Buffer.concat([blob, header, length]);
  const id = createHash("sha256").update(pack).digest("hex");
  sealed.files.set(`data/${id.slice(0, 2)}/${id}`, pack);
  const text = tree.toString("hex");
  const json = `{"id":"${id}","blobs":[{"id":"${text}","type":"tree","offset":0,"length":${blob.length}}]}`;
  return { id, tree: text, size: pack.length, json };
}

function addSnapshots(sealed: SealedRepository, count: number, tree: string): void {
  for (let index = 0; index < count; index++) {
    const time = new Date(Date.UTC(2025, 0, 1) + index * 3_600_000).toISOString();
    const summary = {
      backup_start: time,
      backup_end: time,
      data_added_packed: 1_000_000,
      total_bytes_processed: 50_000_000,
    };
    const hostname = `host-${index % 10}`;
    sealed.addSnapshot({ time, hostname, username: "root", paths: ["/home"], tree, summary });
  }
}

/** A pack as an index file has it, and the size of its file. */
function packOf(
  id: string,
  blobs: number,
  type: "data" | "tree",
): { readonly json: string; readonly size: number } {
  const random = randomBytes(blobs * ID_BYTES);
  let offset = 0;
  const list: string[] = [];
  for (let index = 0; index < blobs; index++) {
    const name = random.toString("hex", index * ID_BYTES, (index + 1) * ID_BYTES);
    const [least, more] = BLOB_BYTES;
    const length = least + (random.readUInt32LE(index * ID_BYTES) % more);
    list.push(
      `{"id":"${name}","type":"${type}","offset":${offset},"length":${length},"uncompressed_length":${length + 90_000}}`,
    );
    offset += length;
  }
  return { json: `{"id":"${id}","blobs":[${list.join(",")}]}`, size: offset + 41 * blobs + 36 };
}

function writeHole(path: string, size: number): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "");
  truncateSync(path, size);
}
