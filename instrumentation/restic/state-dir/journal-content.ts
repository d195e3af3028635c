import type { Listed, Listing, Remembered, UnreadableFile } from "../repository/snapshot-cache.ts";
import type { Snapshot } from "../repository/snapshot.ts";
import type { ChangeHistory } from "../repository/snapshots/change-history.ts";
import type { JournalRecord } from "./record.ts";

/** The meaning of the records of a journal, added in their order. */
export class JournalContent implements Remembered {
  readonly #snapshots = new Map<string, Snapshot>();
  readonly #unreadable = new Map<string, UnreadableFile>();
  /** Snapshots that were read after the last complete listing. */
  #unlisted: string[] = [];
  #listing: (Listing & { readonly history: ChangeHistory | undefined }) | undefined;

  get snapshots(): Map<string, Snapshot> {
    return this.#snapshots;
  }

  get listed(): Listed | undefined {
    if (!this.#listing) return undefined;
    if (this.#unlisted.length === 0)
      return { ...this.#listing, snapshots: this.#snapshots, unreadable: this.#unreadable };
    const snapshots = new Map(this.#snapshots);
    for (const id of this.#unlisted) snapshots.delete(id);
    return { ...this.#listing, snapshots, unreadable: this.#unreadable };
  }

  /** A second record of a snapshot has more details. */
  addSnapshot(snapshot: Snapshot): void {
    if (!this.#snapshots.has(snapshot.id)) this.#unlisted.push(snapshot.id);
    this.#snapshots.set(snapshot.id, snapshot);
  }

  settle({ listing, changes, history }: JournalRecord & { readonly kind: "listed" }): void {
    this.#listing = { ...listing, history: history ?? this.#listing?.history };
    this.#unlisted = [];
    for (const id of changes.removed) {
      this.#snapshots.delete(id);
      this.#unreadable.delete(id);
    }
    for (const [id, file] of changes.unreadable) this.#unreadable.set(id, file);
    for (const id of this.#unreadable.keys())
      if (this.#snapshots.has(id)) this.#unreadable.delete(id);
  }
}
