import type { Listed, Listing, UnreadableFile } from "./snapshot-cache.ts";
import type { FirstSeen, Snapshot } from "./snapshot.ts";
import type { Unreadable } from "./snapshots/load-snapshots.ts";

/** Remembers the last complete listing, and when it first saw each file that cannot be read. */
export class Sightings {
  #last: Listing | undefined;
  #unreadable: ReadonlyMap<string, UnreadableFile>;
  #at = 0;
  /** When the files were first seen that the current listing has for the first time. */
  #now: FirstSeen | undefined;

  /** @param listed the last complete listing before a restart */
  constructor(listed?: Listed) {
    // Without its snapshots, which may be forgotten later.
    this.#last = listed && { at: listed.at, completeAt: listed.completeAt };
    this.#unreadable = listed?.unreadable ?? new Map();
  }

  /** @param at when the listing begins, milliseconds since the epoch */
  begin(at: number): void {
    this.#at = at;
    this.#now = this.#last && { at, missingAt: this.#last.at };
  }

  /** When a file was first seen whose snapshot was not known before. */
  of(id: string): FirstSeen | undefined {
    const known = this.#unreadable.get(id);
    return known ? known.firstSeen : this.#now;
  }

  /** The current listing is complete. */
  settle(
    snapshots: ReadonlyMap<string, Snapshot>,
    unreadable: ReadonlyMap<string, Unreadable>,
    completeAt: number,
  ): Listed {
    this.#unreadable = new Map(
      [...unreadable].map(([id, { code }]) => [
        id,
        { firstSeen: this.of(id), isDamaged: code === "corrupt" },
      ]),
    );
    this.#last = { at: this.#at, completeAt };
    return { ...this.#last, snapshots, unreadable: this.#unreadable };
  }
}
