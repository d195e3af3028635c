import { decodeRecord, encodeRecord, headOf } from "./index-record.ts";
import type { IndexRecord, RecordHead } from "./index-record.ts";

/** Keeps what was read of the index of one repository between two inventories. @throws AgentError if it cannot be kept */
export interface KeptIndex {
  /** All records, in no order, each index file once. Each is valid until the next one is asked for. */
  records(): AsyncIterable<IndexRecord>;
  /** Adds a record, or replaces the one of the same index file. */
  add(record: IndexRecord): Promise<void>;
  /** Forgets all other index files. Called at the end of an inventory. */
  retain(ids: ReadonlySet<string>): Promise<void>;
}

/** The heads of all records, by id. */
export async function headsIn(kept: KeptIndex): Promise<Map<string, RecordHead>> {
  const heads = new Map<string, RecordHead>();
  for await (const record of kept.records()) heads.set(record.id, headOf(record));
  return heads;
}

/** The memory that the index files of all repositories take between two inventories. */
export class MemoryBudget {
  readonly max: number;
  used = 0;

  constructor(max: number) {
    this.max = max;
  }
}

/** Keeps records in memory. Between two inventories those that exceed the budget are forgotten. */
export class IndexInMemory implements KeptIndex {
  readonly #budget: MemoryBudget;
  readonly #records = new Map<string, Buffer>();
  #counted = 0;

  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  async *records(): AsyncGenerator<IndexRecord> {
    for (const bytes of this.#records.values()) yield decodeRecord(bytes);
  }

  async add(record: IndexRecord): Promise<void> {
    this.#records.set(record.id, Buffer.concat(encodeRecord(record)));
  }

  async retain(ids: ReadonlySet<string>): Promise<void> {
    this.#budget.used -= this.#counted;
    this.#counted = 0;
    for (const [id, { length }] of this.#records)
      if (ids.has(id) && this.#budget.used + length <= this.#budget.max) {
        this.#budget.used += length;
        this.#counted += length;
      } else this.#records.delete(id);
  }
}
