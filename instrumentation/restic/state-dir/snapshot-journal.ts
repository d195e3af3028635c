import type { KeyObject } from "node:crypto";
import { appendFile, open, rename, unlink, utimes } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";

import type { Snapshot } from "../repository/snapshot.ts";
import type { SnapshotTable } from "../repository/snapshot-table.ts";
import { decodeRecord, encodeSnapshot, openLine, seal } from "./record.ts";

/** So many records at once, so that nothing else waits longer than some milliseconds. */
const AT_ONCE = 500;
/** Bound of what is read: ten million snapshots have 2 GB. */
const MAX_BYTES = 2 ** 31;
const READ_BYTES = 2 ** 20;
/** A file is written anew when it has this many records in vain, and more of them than good ones. */
const MAX_VAIN = 100;

/** What was read of the immutable snapshot files of one repository, kept in a file: a line a snapshot, appended. */
export class SnapshotJournal {
  readonly #path: string;
  readonly #key: KeyObject;
  readonly #head: string;
  readonly #openedAt: number;
  /** Records in the file, whatever they are of; undefined if there is none that can be appended to. */
  #records: number | undefined;

  /**
   * @param key is derived from the repository's own, so that nobody without its password can write what is believed
   * @param openedAt milliseconds since the epoch: the file is in use
   */
  constructor(path: string, repositoryId: string, key: KeyObject, openedAt: number) {
    this.#openedAt = openedAt;
    this.#path = path;
    this.#key = key;
    this.#head = JSON.stringify(["restic-otel state", 1, repositoryId]);
  }

  /**
   * Hands out what is in the file. A line that was cut off at the end is left out: the agent died while it wrote.
   * @returns what is wrong with it, if it cannot be believed: then nothing was handed out
   */
  async read(found: (snapshot: Snapshot) => void): Promise<string | undefined> {
    const file = await openIfThere(this.#path);
    if (!file) return undefined;
    try {
      const snapshots: Snapshot[] = [];
      const problem = await this.#readLines(file, snapshots);
      if (problem !== undefined) return problem;
      for (const snapshot of snapshots) found(snapshot);
      await utimes(this.#path, this.#openedAt / 1000, this.#openedAt / 1000);
      return undefined;
    } finally {
      await file.close();
    }
  }

  async append(snapshots: readonly Snapshot[]): Promise<void> {
    if (snapshots.length === 0 || this.#records === undefined) return;
    for (let from = 0; from < snapshots.length; from += AT_ONCE) {
      await appendFile(this.#path, this.#lines(snapshots.slice(from, from + AT_ONCE)), {
        mode: 0o600,
      });
      await setImmediate();
    }
    this.#records += snapshots.length;
  }

  /** Writes the file anew, if it is not there, or too much of it is of snapshots that were forgotten. */
  async compact(table: SnapshotTable): Promise<void> {
    const records = this.#records;
    const vain = records === undefined ? Infinity : records - table.size;
    if (vain <= MAX_VAIN || vain <= table.size) return;
    const path = `${this.#path}.new`;
    await unlink(path).catch(() => {});
    const file = await open(path, "wx", 0o600);
    try {
      await file.appendFile(seal(this.#head, this.#key));
      let part: Snapshot[] = [];
      for (const snapshot of table) {
        part.push(snapshot);
        if (part.length < AT_ONCE) continue;
        await file.appendFile(this.#lines(part));
        part = [];
      }
      await file.appendFile(this.#lines(part));
    } finally {
      await file.close();
    }
    await rename(path, this.#path);
    this.#records = table.size;
  }

  #lines(snapshots: readonly Snapshot[]): string {
    return snapshots.map((snapshot) => seal(encodeSnapshot(snapshot), this.#key)).join("");
  }

  /** Sets the number of records if the file may be appended to. */
  async #readLines(file: FileHandle, snapshots: Snapshot[]): Promise<string | undefined> {
    const { size } = await file.stat();
    if (size > MAX_BYTES) return `has ${size} bytes`;
    let rest = "";
    let lines = 0;
    for await (const chunk of file.createReadStream({
      encoding: "utf8",
      highWaterMark: READ_BYTES,
      autoClose: false,
    })) {
      const parts = (rest + String(chunk)).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) {
        if (lines % AT_ONCE === 0) await setImmediate();
        const problem = this.#take(line, lines, snapshots);
        if (problem !== undefined) return problem;
        lines += 1;
      }
    }
    // After half a line nothing can be appended.
    if (rest === "" && lines > 0) this.#records = lines - 1;
    return undefined;
  }

  #take(line: string, number: number, snapshots: Snapshot[]): string | undefined {
    const text = openLine(line, this.#key);
    if (text === undefined)
      return `was not written with this repository's key, or was changed since (line ${number + 1})`;
    if (number === 0) return text === this.#head ? undefined : "is of another version";
    const snapshot = decodeRecord(text);
    if (!snapshot) return `holds something else (line ${number + 1})`;
    snapshots.push(snapshot);
    return undefined;
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
