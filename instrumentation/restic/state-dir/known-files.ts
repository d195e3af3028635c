import { forParts } from "../../core/in-steps.ts";
import type { Listed, Remembered } from "../repository/snapshot-cache.ts";
import type { Changes } from "./record.ts";

/** The names of the snapshot files that a journal knows. */
export class KnownFiles {
  readonly #snapshots: Set<string>;
  /** Whether they are damaged. */
  readonly #unreadable = new Map<string, boolean>();

  constructor({ snapshots, listed }: Pick<Remembered, "listed"> & Pick<Listed, "snapshots">) {
    this.#snapshots = new Set(snapshots.keys());
    this.#note(listed?.unreadable);
  }

  add(id: string): void {
    this.#snapshots.add(id);
  }

  /** Takes over a complete listing. @returns how it differs from what was known */
  async settle({ snapshots, unreadable }: Listed): Promise<Changes> {
    const removed: string[] = [];
    await forParts([...this.#snapshots, ...this.#unreadable.keys()], (part) => {
      for (const id of part) if (!snapshots.has(id) && !unreadable.has(id)) removed.push(id);
    });
    for (const id of removed) this.#snapshots.delete(id);
    const fresh = [...unreadable].filter(
      ([id, { isDamaged }]) => this.#unreadable.get(id) !== isDamaged,
    );
    this.#unreadable.clear();
    this.#note(unreadable);
    return { removed, unreadable: fresh };
  }

  #note(unreadable: Listed["unreadable"] = new Map()): void {
    for (const [id, { isDamaged }] of unreadable) this.#unreadable.set(id, isDamaged);
  }
}
