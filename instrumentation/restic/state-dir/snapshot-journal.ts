import type { KeyObject } from "node:crypto";
import { appendFile, open, rename, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";

import type { Snapshot } from "../repository/snapshot.ts";
import { openOwnFile } from "./own-file.ts";
import { decodeRecord, encodeSnapshot, openLine, seal } from "./record.ts";

/** Records between two turns of the event loop: a few milliseconds. */
const AT_ONCE = 500;
/** Bound of a state file: ten million snapshots take 2 GB. */
const MAX_BYTES = 2 ** 31;
const READ_BYTES = 2 ** 20;
/** Bound of a line, characters: names have at most 1 KiB. */
const MAX_LINE = 2 ** 16;
/** A file is rewritten when it has more obsolete records than this, and more than current ones. */
const MAX_OBSOLETE = 100;

interface JournalContent {
  readonly snapshots: readonly Snapshot[];
  readonly problem?: string;
}

/** The snapshots of one repository in a file, one line each, to which new ones are appended. Snapshots never change. */
export class SnapshotJournal {
  readonly #path: string;
  readonly #key: KeyObject;
  readonly #head: string;
  readonly #openedAt: number;
  /** Records in the file, current or not; undefined: there is no file that can be appended to. */
  #records: number | undefined;

  /**
   * @param key derived from the master key: a file that was written without the repository's password is rejected
   * @param openedAt becomes the time of last use of the file, milliseconds since the epoch
   */
  constructor(path: string, repositoryId: string, key: KeyObject, openedAt: number) {
    this.#openedAt = openedAt;
    this.#path = path;
    this.#key = key;
    this.#head = JSON.stringify(["restic-otel state", 1, repositoryId]);
  }

  /**
   * The snapshots in the file. An incomplete last line is ignored: the agent was killed while it wrote.
   * @returns problem: why the file cannot be trusted; then no snapshot of it is returned
   */
  async read(): Promise<JournalContent> {
    const file = await openOwnFile(this.#path);
    if (!file) return { snapshots: [] };
    try {
      const snapshots: Snapshot[] = [];
      const problem = await this.#readLines(file, snapshots);
      if (problem !== undefined) return { snapshots: [], problem };
      await file.utimes(this.#openedAt / 1000, this.#openedAt / 1000);
      return { snapshots };
    } finally {
      await file.close();
    }
  }

  async append(snapshots: readonly Snapshot[]): Promise<void> {
    if (snapshots.length === 0 || this.#records === undefined) return;
    for (const batch of batches(snapshots)) {
      await appendFile(this.#path, this.#lines(batch), { mode: 0o600 });
      await setImmediate();
    }
    this.#records += snapshots.length;
  }

  /** Writes a new file if there is none, or if most of its records are of forgotten snapshots. */
  async compact(snapshots: ReadonlyMap<string, Snapshot>): Promise<void> {
    const records = this.#records;
    const obsolete = records === undefined ? Infinity : records - snapshots.size;
    if (obsolete <= MAX_OBSOLETE || obsolete <= snapshots.size) return;
    const path = `${this.#path}.new`;
    await unlink(path).catch(() => {});
    const file = await open(path, "wx", 0o600);
    try {
      await file.appendFile(seal(this.#head, this.#key));
      for (const batch of batches([...snapshots.values()]))
        await file.appendFile(this.#lines(batch));
    } finally {
      await file.close();
    }
    await rename(path, this.#path);
    this.#records = snapshots.size;
  }

  #lines(snapshots: readonly Snapshot[]): string {
    return snapshots.map((snapshot) => seal(encodeSnapshot(snapshot), this.#key)).join("");
  }

  /** Sets the number of records if the file can be appended to. @returns why the file cannot be trusted */
  async #readLines(file: FileHandle, snapshots: Snapshot[]): Promise<string | undefined> {
    const { size } = await file.stat();
    if (size > MAX_BYTES) return `has ${size} bytes, more than ${MAX_BYTES}`;
    let rest = "";
    let lines = 0;
    for await (const chunk of file.createReadStream({
      encoding: "utf8",
      highWaterMark: READ_BYTES,
      autoClose: false,
    })) {
      const parts = (rest + String(chunk)).split("\n");
      rest = parts.pop() ?? "";
      if (rest.length > MAX_LINE) return `has a line of more than ${MAX_LINE} characters`;
      for (const line of parts) {
        if (lines % AT_ONCE === 0) await setImmediate();
        const problem = this.#take(line, lines, snapshots);
        if (problem !== undefined) return problem;
        lines += 1;
      }
    }
    // A record must not be appended to an incomplete line.
    if (rest === "" && lines > 0) this.#records = lines - 1;
    return undefined;
  }

  #take(line: string, number: number, snapshots: Snapshot[]): string | undefined {
    const text = openLine(line, this.#key);
    if (text === undefined)
      return `was not written with this repository's key, or was changed (line ${number + 1})`;
    if (number === 0) return text === this.#head ? undefined : "is of another version";
    const snapshot = decodeRecord(text);
    if (!snapshot) return `has an unknown record (line ${number + 1})`;
    snapshots.push(snapshot);
    return undefined;
  }
}

function* batches(snapshots: readonly Snapshot[]): Generator<readonly Snapshot[]> {
  for (let from = 0; from < snapshots.length; from += AT_ONCE)
    yield snapshots.slice(from, from + AT_ONCE);
}
