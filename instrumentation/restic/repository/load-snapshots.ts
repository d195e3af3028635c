import { AgentError } from "../../core/error.ts";
import type { Backend } from "../../backends/backend.ts";
import { SealError } from "../crypto/key.ts";
import type { Key } from "../crypto/key.ts";
import { reasonOf } from "./config.ts";
import { isCorrupt, isNamed, isNotFound } from "./verified-load.ts";
import { decodeSnapshot } from "./snapshot.ts";
import type { Snapshot } from "./snapshot.ts";
import { TimeSlicedQueue } from "./time-sliced-queue.ts";
import { unpack } from "./decompress.ts";

/** A snapshot of thousands of paths has a few MiB of JSON. */
const MAX_JSON_BYTES = 32 * 2 ** 20;

/** A file that is what its name says. */
interface LoadedFile {
  readonly id: string;
  readonly sealed: Uint8Array;
}

/** What became of the snapshot files that were asked for. */
export interface SnapshotFiles {
  /** Names that were listed and are not there (any more). */
  readonly gone: ReadonlySet<string>;
  /** Names of files that could not be read, with the reason. */
  readonly unreadable: Map<string, string>;
  /** Names of those that are whole but sealed with another key; in `unreadable` as well. */
  readonly foreign: ReadonlySet<string>;
  /** At least one was compressed: the repository is of version 2. */
  readonly compressed: boolean;
}

/**
 * Loads snapshot files side by side, as many as the backend has connections, and hands each to `found` as it comes,
 * so that what was read is not lost when a later one fails.
 * @throws AgentError of the backend, once nothing is under way any more
 */
export async function loadSnapshots(
  backend: Backend,
  key: Key,
  ids: readonly string[],
  found: (snapshot: Snapshot) => void,
  signal: AbortSignal,
): Promise<SnapshotFiles> {
  const gone = new Set<string>();
  const unreadable = new Map<string, string>();
  const foreign = new Set<string>();
  let compressed = false;
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const queue = ids.values();
  const doubtful: string[] = [];

  function decode({ id }: LoadedFile, opened: Uint8Array | SealError): void {
    try {
      if (opened instanceof SealError) throw opened;
      const unpacked = unpack(opened, MAX_JSON_BYTES);
      found(decodeSnapshot(id, unpacked.json));
      compressed ||= unpacked.compressed;
    } catch (error) {
      unreadable.set(id, reason(error));
      if (error instanceof SealError && error.reason === "wrong mac") foreign.add(id);
    }
  }

  /** With those that follow, and not decoded yet: one of them alone may expand to thousands of times its size. */
  const opened: (readonly [LoadedFile, Uint8Array | SealError])[] = [];
  const decoding = new TimeSlicedQueue((files: readonly LoadedFile[], at) => {
    if (opened.length === 0) opened.push(...key.openFirst(files, at));
    const next = opened.shift();
    if (next) decode(...next);
  });

  /** False if what came is not what its name says. */
  async function read(id: string): Promise<boolean> {
    either.throwIfAborted();
    try {
      const sealed = await backend.load("snapshots", id, either);
      if (!isNamed(sealed, id)) return false;
      // The next file is asked for before this one is looked at: the server has something to do meanwhile.
      decoding.add({ id, sealed });
      return true;
    } catch (error) {
      if (isNotFound(error)) gone.add(id);
      else if (error instanceof AgentError && !isCorrupt(error)) throw error;
      else if (either.aborted) throw either.reason;
      else unreadable.set(id, reason(error));
      return true;
    }
  }

  async function worker(): Promise<void> {
    for (const id of queue) if (!(await read(id))) doubtful.push(id);
  }

  async function guarded(): Promise<void> {
    try {
      await worker();
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  }

  const outcomes = await Promise.allSettled(
    Array.from({ length: Math.min(backend.connections, ids.length) }, guarded),
  );
  await decoding.done();
  if (failed.signal.aborted) throw failed.signal.reason;
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  // The transfer may have been at fault: once more, with nothing else under way.
  for (const id of doubtful) {
    if (!(await read(id))) unreadable.set(id, "is not what its name says: cut off or changed");
  }
  await decoding.done();
  return { gone, unreadable, foreign, compressed };
}

function reason(error: unknown): string {
  if (isCorrupt(error)) return `is not read: ${error.message}`;
  return error instanceof SealError && error.reason === "wrong mac"
    ? "is sealed with another key"
    : reasonOf(error);
}
