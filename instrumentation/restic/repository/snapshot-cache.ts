import type { Key } from "../crypto/key.ts";
import type { Snapshot } from "./snapshot.ts";

/** Snapshots that were read before a restart. Its methods never fail: at worst nothing is known. */
export interface SnapshotCache {
  /** The known snapshots of a repository. The caller believes in one only if the repository lists it. */
  load(repositoryId: string, master: Key): Promise<readonly Snapshot[]>;
  /** Keeps snapshots that were read. */
  append(snapshots: readonly Snapshot[]): Promise<void>;
  /** Called after each complete listing with all snapshots that it has. */
  compact(snapshots: ReadonlyMap<string, Snapshot>): Promise<void>;
}
