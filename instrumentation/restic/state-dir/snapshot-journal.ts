import type { KeyObject } from "node:crypto";
import { appendFile, open, rename, unlink } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";

import type { Listed, Remembered } from "../repository/snapshot-cache.ts";
import type { Snapshot } from "../repository/snapshot.ts";
import type { ChangeHistory } from "../repository/snapshots/change-history.ts";
import { JournalContent } from "./journal-content.ts";
import { KnownFiles } from "./known-files.ts";
import { seal } from "./line.ts";
import { openOwnFile } from "./own-file.ts";
import { head, readJournal } from "./read-journal.ts";
import { encodeList, encodeListed, encodeSnapshot } from "./record.ts";

/** Records and characters between two turns of the event loop: a few milliseconds. A record of a list may have millions. */
const AT_ONCE = 500;
const CHARACTERS_AT_ONCE = 2 ** 19;
/** A file is rewritten when it has more obsolete records than this, and more than current ones. */
const MAX_OBSOLETE = 100;
/** So are those histories of changes that were appended. */
const MAX_HISTORY_BYTES = 2 ** 24;

/** Records that are written at once, and the snapshots in them. */
interface Batch {
  readonly texts: string[];
  readonly ids: string[];
}

/** The snapshots of one repository in a file, one line each, to which new ones are appended. */
export class SnapshotJournal {
  readonly #path: string;
  readonly #key: KeyObject;
  readonly #repositoryId: string;
  readonly #openedAt: number;
  #known = new KnownFiles(new JournalContent());
  /** The numbers of the list records in the file. */
  #lists = new WeakMap<readonly string[], number>();
  #listCount = 0;
  /** The history in the file. */
  #history: ChangeHistory | undefined;
  /** Bytes of all histories in the file. */
  #historyBytes = 0;
  /** Lines in the file after the first one; undefined: there is no file that can be appended to. */
  #records: number | undefined;

  /**
   * @param key derived from the master key: a file that was written without the repository's password is rejected
   * @param openedAt becomes the time of last use of the file, milliseconds since the epoch
   */
  constructor(path: string, repositoryId: string, key: KeyObject, openedAt: number) {
    this.#openedAt = openedAt;
    this.#path = path;
    this.#key = key;
    this.#repositoryId = repositoryId;
  }

  /** @returns problem: why the file cannot be trusted; then nothing of it is returned */
  async read(): Promise<{ readonly content: Remembered; readonly problem?: string }> {
    const nothing = { content: new JournalContent() };
    const file = await openOwnFile(this.#path);
    if (!file) return nothing;
    try {
      const read = await readJournal(file, this.#repositoryId, this.#key);
      if (typeof read === "string") return { ...nothing, problem: read };
      const { content, lists, records } = read;
      await file.utimes(this.#openedAt / 1000, this.#openedAt / 1000);
      await setImmediate();
      this.#known = new KnownFiles(content);
      for (const [index, list] of lists.entries()) this.#lists.set(list, index);
      this.#listCount = lists.length;
      this.#records = records;
      this.#history = content.listed?.history;
      return { content };
    } finally {
      await file.close();
    }
  }

  async append(snapshots: readonly Snapshot[]): Promise<void> {
    if (this.#records === undefined) return;
    await setImmediate();
    await this.#attempt(async () => {
      for (const { texts, ids } of this.#batches(snapshots)) {
        await setImmediate();
        await this.#append(texts);
        for (const id of ids) this.#known.add(id);
      }
    });
  }

  /** Writes a new file if there is none, or if most of its records are obsolete. */
  async settle(listed: Listed): Promise<void> {
    const changes = await this.#known.settle(listed);
    await this.#attempt(async () => {
      if (this.#isObsolete(listed)) return this.#rewrite(listed);
      const isNew = listed.history !== this.#history;
      const text = encodeListed(listed, changes, isNew ? listed.history : undefined);
      await this.#append([text]);
      this.#history = listed.history;
      if (isNew) this.#historyBytes += text.length;
    });
  }

  /** A disk may be full for a while: after a failure the next complete listing writes a new file. */
  async #attempt(write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.#records = undefined;
      throw error;
    }
  }

  async #append(texts: readonly string[]): Promise<void> {
    await appendFile(this.#path, this.#seal(texts), { mode: 0o600 });
    this.#records = (this.#records ?? 0) + texts.length;
  }

  #isObsolete({ snapshots }: Listed): boolean {
    if (this.#records === undefined || this.#historyBytes > MAX_HISTORY_BYTES) return true;
    if (this.#records <= 2 * snapshots.size + MAX_OBSOLETE) return false;
    const lists = new Set<unknown>();
    for (const { details } of snapshots.values()) lists.add(details?.paths).add(details?.tags);
    return this.#records > 2 * (snapshots.size + lists.size) + MAX_OBSOLETE;
  }

  async #rewrite(listed: Listed): Promise<void> {
    const path = `${this.#path}.new`;
    await unlink(path).catch(() => {});
    const file = await open(path, "wx", 0o600);
    this.#lists = new WeakMap();
    this.#listCount = 0;
    let records = 0;
    const write = async (texts: readonly string[]): Promise<void> => {
      await file.appendFile(this.#seal(texts));
      records += texts.length;
    };
    try {
      await file.appendFile(seal(head(2, this.#repositoryId), this.#key));
      for (const { texts } of this.#batches(listed.snapshots.values())) {
        await setImmediate();
        await write(texts);
      }
      const changes = { removed: [], unreadable: [...listed.unreadable] };
      await write([encodeListed(listed, changes, listed.history)]);
    } finally {
      await file.close();
    }
    await rename(path, this.#path);
    await setImmediate();
    this.#records = records;
    this.#history = listed.history;
    this.#historyBytes = 0;
    this.#known = new KnownFiles({ snapshots: listed.snapshots, listed });
  }

  /** The records of snapshots, each after those of its lists that are not in the file. */
  *#batches(snapshots: Iterable<Snapshot>): Generator<Batch> {
    let batch: Batch = { texts: [], ids: [] };
    let characters = 0;
    const add = (text: string): void => {
      batch.texts.push(text);
      characters += text.length;
    };
    const indexOf = (list: readonly string[]): number => {
      const known = this.#lists.get(list);
      if (known !== undefined) return known;
      this.#lists.set(list, this.#listCount);
      add(encodeList(list));
      return this.#listCount++;
    };
    for (const snapshot of snapshots) {
      add(encodeSnapshot(snapshot, indexOf));
      batch.ids.push(snapshot.id);
      if (batch.texts.length < AT_ONCE && characters < CHARACTERS_AT_ONCE) continue;
      yield batch;
      batch = { texts: [], ids: [] };
      characters = 0;
    }
    if (batch.ids.length > 0) yield batch;
  }

  #seal(texts: readonly string[]): string {
    return texts.map((text) => seal(text, this.#key)).join("");
  }
}
