import { AgentError } from "../../core/error.ts";
import type { Backend } from "../../backends/backend.ts";
import { SealError } from "../crypto/key.ts";
import type { Key } from "../crypto/key.ts";
import { reasonOf } from "./config.ts";
import { BoundError } from "./json.ts";
import { isCorrupt, isNamed, isNotFound } from "./verified-load.ts";
import { decodeSnapshot } from "./snapshot.ts";
import type { Snapshot } from "./snapshot.ts";
import { unpack } from "./decompress.ts";

export interface SnapshotBounds {
  /** Bound of the JSON of a snapshot, the setting `maxSnapshotSize`. */
  readonly maxBytes: number;
  /** Files that exceed a bound, with the reason, by name: they are not read again. */
  readonly exceeding: Map<string, string>;
}

/** What became of the snapshot files that were asked for. */
export interface SnapshotFiles {
  /** Names of listed files that are missing. */
  readonly gone: ReadonlySet<string>;
  /** Names of unreadable files, with the reason. */
  readonly unreadable: Map<string, string>;
  /** Names of the unreadable files that are complete but sealed with another key. */
  readonly foreign: ReadonlySet<string>;
  /** At least one was compressed: the repository is of version 2. */
  readonly compressed: boolean;
}

/**
 * Loads snapshot files in parallel, over all connections of the backend, and hands each snapshot to `found` at once, so that a
 * later failure does not lose it.
 * @throws AgentError of the backend, after all requests have ended
 */
export async function loadSnapshots(
  backend: Backend,
  key: Key,
  ids: readonly string[],
  found: (snapshot: Snapshot) => void,
  { maxBytes, exceeding }: SnapshotBounds,
  signal: AbortSignal,
): Promise<SnapshotFiles> {
  const gone = new Set<string>();
  const unreadable = new Map<string, string>();
  const foreign = new Set<string>();
  let compressed = false;
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);

  function decode(id: string, sealed: Uint8Array): void {
    try {
      const unpacked = unpack(key.open(sealed), maxBytes);
      found(decodeSnapshot(id, unpacked.json));
      compressed ||= unpacked.compressed;
    } catch (error) {
      unreadable.set(id, reason(error));
      if (error instanceof BoundError) exceeding.set(id, reason(error));
      if (isForeign(error)) foreign.add(id);
    }
  }

  /** False if the content does not match the name. */
  async function read(id: string): Promise<boolean> {
    either.throwIfAborted();
    const exceeds = exceeding.get(id);
    if (exceeds !== undefined) {
      unreadable.set(id, exceeds);
      return true;
    }
    try {
      const sealed = await backend.load("snapshots", id, either);
      if (!isNamed(sealed, id)) return false;
      decode(id, sealed);
    } catch (error) {
      if (isNotFound(error)) gone.add(id);
      else if (error instanceof AgentError && !isCorrupt(error)) throw error;
      else if (either.aborted) throw either.reason;
      else {
        unreadable.set(id, reason(error));
        if (isCorrupt(error)) exceeding.set(id, reason(error));
      }
    }
    return true;
  }

  const queue = ids.values();
  const mismatched: string[] = [];
  async function worker(): Promise<void> {
    try {
      for (const id of queue) if (!(await read(id))) mismatched.push(id);
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  }

  const workers = Math.min(backend.connections, ids.length);
  await Promise.allSettled(Array.from({ length: workers }, worker));
  failed.signal.throwIfAborted();
  // The transfer may have been at fault: load them again, one at a time.
  for (const id of mismatched) {
    if (!(await read(id))) unreadable.set(id, "does not match its name: truncated or changed");
  }
  return { gone, unreadable, foreign, compressed };
}

function isForeign(error: unknown): boolean {
  return error instanceof SealError && error.reason === "wrong mac";
}

function reason(error: unknown): string {
  if (isCorrupt(error)) return `is not read: ${error.message}`;
  return isForeign(error) ? "is sealed with another key" : reasonOf(error);
}
