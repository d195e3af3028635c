import type { Listed, Remembered } from "../repository/snapshot-cache.ts";
import type { Changes } from "./record.ts";

/** The names of the snapshot files that a journal knows. */
export class KnownFiles {
  readonly #snapshots: Set<string>;
  readonly #unreadable: Set<string>;

  constructor({ snapshots, listed }: Remembered) {
    this.#snapshots = new Set(snapshots.keys());
    this.#unreadable = new Set(listed?.unreadable.keys());
  }

  add(id: string): void {
    this.#snapshots.add(id);
  }

  /** Takes over a complete listing. @returns how it differs from what was known */
  settle({ snapshots, unreadable }: Listed): Changes {
    const isGone = (id: string): boolean => !snapshots.has(id) && !unreadable.has(id);
    const removed = [...this.#snapshots, ...this.#unreadable].filter(isGone);
    for (const id of removed) this.#snapshots.delete(id);
    const fresh = [...unreadable].filter(([id]) => !this.#unreadable.has(id));
    this.#unreadable.clear();
    for (const id of unreadable.keys()) this.#unreadable.add(id);
    return { removed, unreadable: fresh };
  }
}
