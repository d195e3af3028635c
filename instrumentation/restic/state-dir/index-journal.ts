import { createHmac, timingSafeEqual } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { open, rename, rm, writeFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

import { AgentError } from "../../core/error.ts";
import { decodeRecord, encodeRecord } from "../inventory/index-record.ts";
import type { IndexRecord } from "../inventory/index-record.ts";
import type { KeptIndex } from "../inventory/kept-index.ts";
import { openOwnFile } from "./own-file.ts";

/** A frame has the length of a record, the first half of its HMAC-SHA256, and the record. */
const LENGTH_BYTES = 4;
const MAC_BYTES = 16;
const HEAD_BYTES = LENGTH_BYTES + MAC_BYTES;

/** An index file of a million blobs takes 16 MiB. */
const MAX_RECORD_BYTES = 2 ** 28;

/** The place of a frame in the file. */
interface Frame {
  readonly at: number;
  readonly length: number;
}

/** The index files of one repository that were read, in a file to which new ones are appended. */
export class IndexJournal implements KeptIndex {
  readonly #path: string;
  readonly #key: KeyObject;
  /** By id of the index file; undefined: the file was not read yet. */
  #frames: Map<string, Frame> | undefined;
  /** Where the next frame is appended. */
  #end = 0;
  /** Has the frame that is read. */
  #buffer = Buffer.alloc(0);

  /** @param key derived from the master key: a record that was written without the repository's password is left out */
  constructor(path: string, key: KeyObject) {
    this.#path = path;
    this.#key = key;
  }

  async *records(): AsyncGenerator<IndexRecord> {
    const file = await this.#attempt(() => openOwnFile(this.#path));
    if (!file) return;
    try {
      const frames = (this.#frames ??= await this.#attempt(() => this.#scan(file)));
      for (const [id, frame] of frames) {
        const record = await this.#attempt(() => this.#read(file, frame));
        if (record?.id === id) yield record;
      }
    } finally {
      await file.close();
    }
  }

  async add(record: IndexRecord): Promise<void> {
    const parts = encodeRecord(record);
    const length = parts.reduce((sum, part) => sum + part.length, HEAD_BYTES);
    const frame = [this.#headOf(parts, length), ...parts];
    this.#frames ??= new Map();
    await this.#attempt(() => writeFile(this.#path, frame, { flag: "a", mode: 0o600 }));
    this.#frames.set(record.id, { at: this.#end, length });
    this.#end += length;
  }

  /** Writes a new file if a record is to be forgotten. */
  async retain(ids: ReadonlySet<string>): Promise<void> {
    const frames = [...(this.#frames ?? [])];
    const kept = frames.filter(([id]) => ids.has(id));
    const bytes = kept.reduce((sum, [, { length }]) => sum + length, 0);
    if (bytes < this.#end) await this.#attempt(() => this.#rewrite(kept));
  }

  async #rewrite(kept: readonly (readonly [id: string, frame: Frame])[]): Promise<void> {
    const from = await openOwnFile(this.#path);
    if (!from) return;
    const path = `${this.#path}.new`;
    await rm(path, { force: true });
    const to = await open(path, "wx", 0o600);
    const frames = new Map<string, Frame>();
    let end = 0;
    try {
      for (const [id, { at, length }] of kept) {
        await to.appendFile(await bytesAt(from, at, length));
        frames.set(id, { at: end, length });
        end += length;
      }
    } finally {
      await Promise.all([from.close(), to.close()]);
    }
    await rename(path, this.#path);
    this.#frames = frames;
    this.#end = end;
  }

  /** Finds the frames; what follows the first bad one is cut off: the agent was killed while it wrote, or the file was changed. */
  async #scan(file: FileHandle): Promise<Map<string, Frame>> {
    const frames = new Map<string, Frame>();
    const { size } = await file.stat();
    let at = 0;
    while (at < size) {
      const head = await bytesAt(file, at, LENGTH_BYTES);
      const length = HEAD_BYTES + (head.length === LENGTH_BYTES ? head.readUInt32LE(0) : Infinity);
      if (length > Math.min(size - at, MAX_RECORD_BYTES)) break;
      const record = await this.#read(file, { at, length });
      if (!record) break;
      frames.set(record.id, { at, length });
      at += length;
    }
    this.#end = at;
    if (at < size) await this.#cut(at);
    return frames;
  }

  async #cut(length: number): Promise<void> {
    const file = await open(this.#path, "r+");
    try {
      await file.truncate(length);
    } finally {
      await file.close();
    }
  }

  /** undefined: the record was not sealed with this key, or it was changed. */
  async #read(file: FileHandle, { at, length }: Frame): Promise<IndexRecord | undefined> {
    if (this.#buffer.length < length) this.#buffer = Buffer.alloc(length);
    const frame = await bytesAt(file, at, length, this.#buffer);
    if (frame.length < length) return undefined;
    const record = frame.subarray(HEAD_BYTES);
    const mac = frame.subarray(LENGTH_BYTES, HEAD_BYTES);
    if (!timingSafeEqual(mac, this.#macOf([record]))) return undefined;
    try {
      return decodeRecord(record);
    } catch {
      return undefined;
    }
  }

  #headOf(record: readonly Buffer[], length: number): Buffer {
    const head = Buffer.alloc(LENGTH_BYTES);
    head.writeUInt32LE(length - HEAD_BYTES);
    return Buffer.concat([head, this.#macOf(record)]);
  }

  #macOf(record: readonly Buffer[]): Buffer {
    const mac = createHmac("sha256", this.#key);
    for (const part of record) mac.update(part);
    return mac.digest().subarray(0, MAC_BYTES);
  }

  async #attempt<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new AgentError("other", `cannot use the kept index of an inventory: ${reason}`, {
        cause: error,
      });
    }
  }
}

async function bytesAt(
  file: FileHandle,
  at: number,
  length: number,
  bytes = Buffer.alloc(length),
): Promise<Buffer> {
  const { bytesRead } = await file.read(bytes, 0, length, at);
  return bytes.subarray(0, bytesRead);
}
