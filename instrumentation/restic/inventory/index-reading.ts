import type { Backend } from "../../backends/backend.ts";
import type { Key } from "../crypto/key.ts";
import { idsIn, listFiles } from "../repository/listing.ts";
import { headsIn } from "./kept-index.ts";
import type { KeptIndex } from "./kept-index.ts";
import { headOf } from "./index-record.ts";
import type { IndexRecord, RecordHead } from "./index-record.ts";
import { readIndex } from "./read-index.ts";

/** A prune replaces index files while they are read: list them again, at most so often in all. */
const MAX_LISTS = 4;

export interface IndexReadingOptions {
  readonly backend: Backend;
  readonly master: Key;
  readonly kept: KeptIndex;
  /** Bytes of index files that may be received. */
  readonly maxIndexBytes: number;
  readonly exactBlobs: number;
  /** Becomes the time of the records, milliseconds since the epoch. */
  readonly startedAt: number;
}

/** The index files of a repository during one inventory. */
export class IndexReading {
  readonly #options: IndexReadingOptions;
  readonly #budget: { left: number };
  /** Of all records that are kept, those of index files that are gone included. */
  #heads = new Map<string, RecordHead>();
  #listed: ReadonlySet<string> = new Set();
  #sizes = new Map<string, number>();
  #unreadable = new Map<string, string>();
  #isSettled = false;

  constructor(options: IndexReadingOptions) {
    this.#options = options;
    this.#budget = { left: options.maxIndexBytes };
  }

  /** Ids in the last listing. */
  get listed(): ReadonlySet<string> {
    return this.#listed;
  }

  /** Heads of the listed index files that were read. */
  get heads(): readonly RecordHead[] {
    return [...this.#heads.values()].filter(({ id }) => this.#listed.has(id));
  }

  /** Listed index files that cannot be read, and why. */
  get unreadable(): readonly (readonly [id: string, reason: string])[] {
    return [...this.#unreadable].filter(([id]) => this.#listed.has(id));
  }

  /** How many listed index files were not read yet: the budget is used up, or they vanish faster than they are read. */
  get unread(): number {
    return this.#unknown().filter((id) => !this.#unreadable.has(id)).length;
  }

  /** All listed index files were read, and they are all of the index as it was at one time. */
  get isWhole(): boolean {
    return this.#isSettled && this.#unknown().length === 0;
  }

  /** Records of index files that are no longer listed are kept. */
  get hasGone(): boolean {
    return [...this.#heads.keys()].some((id) => !this.#listed.has(id));
  }

  /** Loads what was kept from earlier inventories. */
  async begin(): Promise<void> {
    this.#heads = await headsIn(this.#options.kept);
  }

  /** Lists the index files and reads those that are not known. @throws AgentError */
  async update(signal: AbortSignal): Promise<ReadonlySet<string>> {
    for (let lists = 0; lists < MAX_LISTS; lists++) {
      await this.#list(signal);
      const unknown = this.#unknown();
      const fresh = unknown.filter((id) => !this.#unreadable.has(id));
      const gone = await this.#read(fresh, signal);
      this.#isSettled = gone.size === 0;
      if (this.#isSettled) break;
    }
    return this.#listed;
  }

  /** Lists again if files are gone that were read: a prune removes them, or the listing is stale. Two listings must lack a file. */
  async confirmGone(signal: AbortSignal): Promise<void> {
    if (!this.hasGone) return;
    const before = this.#listed;
    this.#listed = new Set([...before, ...(await this.update(signal))]);
  }

  /** Reads again what was read before `since`, as far as the budget allows. @returns whether all was */
  async refresh(since: number, signal: AbortSignal): Promise<boolean> {
    // The clock may have been ahead.
    const isOld = ({ readAt }: RecordHead): boolean =>
      readAt < since || readAt > this.#options.startedAt;
    const old = this.heads.filter(isOld).map(({ id }) => id);
    if (this.#budget.left > 0) await this.#read(old, signal);
    return !this.heads.some(isOld);
  }

  /** @param isGone true: only those that are no longer listed; false: only listed ones */
  async *records(isGone: boolean): AsyncGenerator<IndexRecord> {
    for await (const record of this.#options.kept.records())
      if (this.#listed.has(record.id) !== isGone) yield record;
  }

  /** Forgets index files that are no longer listed, unless others were not read: packs of theirs may be lost. */
  async end(): Promise<void> {
    const ids = this.isWhole ? this.#listed : new Set([...this.#listed, ...this.#heads.keys()]);
    await this.#options.kept.retain(ids);
  }

  async #list(signal: AbortSignal): Promise<void> {
    const listed = new Set<string>();
    this.#sizes = new Map();
    await listFiles(
      this.#options.backend,
      "index",
      {
        sizes: true,
        found: ({ names, sizes }) => {
          for (const id of idsIn(names)) listed.add(id);
          for (const [at, size] of (sizes ?? []).entries()) this.#sizes.set(names[at] ?? "", size);
        },
      },
      signal,
    );
    this.#listed = listed;
  }

  /** Listed, and no record of it is kept that is good enough. */
  #unknown(): readonly string[] {
    const isExact = this.#isExact();
    return [...this.#listed]
      .filter((id) => {
        const head = this.#heads.get(id);
        if (!head || (isExact && !head.hasData)) return true;
        const size = this.#sizes.get(id);
        return size !== undefined && size !== head.size;
      })
      .toSorted();
  }

  async #read(ids: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>> {
    const { backend, master, startedAt } = this.#options;
    const { gone, unreadable } = await readIndex(
      backend,
      master,
      {
        ids,
        sizeOf: (id) => this.#sizes.get(id),
        budget: this.#budget,
        withData: () => this.#isExact(),
        found: async (record) => {
          const wasExact = this.#isExact();
          await this.#keep(record);
          if (wasExact && !this.#isExact()) await this.#forgetData();
        },
      },
      startedAt,
      signal,
    );
    for (const [id, reason] of unreadable) this.#unreadable.set(id, reason);
    return gone;
  }

  async #keep(record: IndexRecord): Promise<void> {
    this.#heads.set(record.id, headOf(record));
    await this.#options.kept.add(record);
  }

  /** There are too many blobs to count each once: their rows are of no use. */
  async #forgetData(): Promise<void> {
    for await (const record of this.#options.kept.records())
      if (record.data) await this.#keep({ ...record, data: undefined });
  }

  #isExact(): boolean {
    return this.heads.reduce((sum, { blobs }) => sum + blobs, 0) <= this.#options.exactBlobs;
  }
}
