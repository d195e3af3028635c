import type { Key } from "../crypto/key.ts";
import type { KeyKeeper } from "./kept-key.ts";
import type { FirstSeen, Snapshot } from "./snapshot.ts";
import type { ChangeHistory } from "./snapshots/change-history.ts";

/** A complete listing of the snapshots of a repository, milliseconds since the epoch. */
export interface Listing {
  /** When it began: it has no snapshot that was added later. */
  readonly at: number;
  /** When all of its snapshots were read. */
  readonly completeAt: number;
}

/** A listed snapshot that could not be read. */
export interface UnreadableFile {
  readonly firstSeen: FirstSeen | undefined;
  /** The file itself is at fault. false: the server did not hand it out, or it is not known why it was not read. */
  readonly isDamaged: boolean;
}

/** All snapshot files of a complete listing. */
export interface Listed extends Listing {
  readonly snapshots: ReadonlyMap<string, Snapshot>;
  /** Listed snapshots that could not be read. */
  readonly unreadable: ReadonlyMap<string, UnreadableFile>;
  /** As of the listing; the same object as long as nothing changed. */
  readonly history?: ChangeHistory | undefined;
}

/** The snapshots that were read before a restart. */
export interface Remembered {
  /** All that were read; the caller believes in one only if the repository lists it. The map becomes the caller's. */
  readonly snapshots: Map<string, Snapshot>;
  /** The last complete listing; undefined: none was complete. */
  readonly listed: Listed | undefined;
}

/** Keeps a text over a restart, which only the password of its repository opens. Its methods never fail: at worst nothing is kept. */
export interface TextKeeper {
  /** undefined: none is kept, or not by this repository. */
  load(repositoryId: string, master: Key): Promise<string | undefined>;
  /** Replaces the one before. */
  keep(text: string, repositoryId: string, master: Key): Promise<void>;
}

/** Keeps snapshots over a restart. Its methods never fail: at worst nothing is known. */
export interface SnapshotCache {
  load(repositoryId: string, master: Key): Promise<Remembered>;
  /** Keeps snapshots that were read. */
  append(snapshots: readonly Snapshot[]): Promise<void>;
  /** Called after each complete listing. */
  settle(listed: Listed): Promise<void>;
  readonly keys?: KeyKeeper | undefined;
  readonly locks?: TextKeeper | undefined;
  /**
   * Asks for reads of snapshots that lack details: a collection of all repositories has a limited number of them.
   * @returns how many of `wanted` are allowed
   */
  allowReads?(wanted: number): number;
}
