import { limit } from "../../core/limit.ts";
import { toAgentError } from "../../core/error.ts";
import type { Backend } from "../../backends/backend.ts";
import { reasonOf } from "../repository/config.ts";
import { listIds } from "../repository/listing.ts";
import type { Session } from "../repository/session.ts";
import { isNamed, isNotFound } from "../repository/verified-load.ts";
import { decodeLock } from "./lock-file.ts";
import type { LockFile } from "./lock-file.ts";
import type { LockFiles, UnreadableLock } from "./lock-state.ts";

/** Lock files of a repository that are read: one each for 1,000 hosts that back up at the same time. */
const MAX_FILES = 1000;

interface Found {
  readonly files: LockFiles;
  /** Lock files beyond those that are read. */
  readonly unread: number;
}

export function isUnreadable(file: LockFile | UnreadableLock): file is UnreadableLock {
  return "reason" in file;
}

/**
 * Lists the locks, and loads those that are not known. Files of no bytes, and those that vanish in between, are left out.
 * @param known the files of the last look
 * @throws AgentError if the storage gives no answer; the signal's reason
 */
export async function readLocks(
  backend: Backend,
  master: Session["master"],
  known: LockFiles,
  signal: AbortSignal,
): Promise<Found> {
  const listed = [...(await listIds(backend, "locks", signal))];
  const files = new Map<string, LockFile | UnreadableLock>();
  for (const id of listed) {
    const file = known.get(id);
    if (file && !(isUnreadable(file) && !file.isFinal)) files.set(id, file);
  }
  const fresh = listed.filter((id) => !files.has(id)).toSorted();
  const wanted = fresh.slice(0, MAX_FILES - files.size);
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const limited = limit(backend.connections);
  const load = async (id: string): Promise<void> => {
    try {
      const file = await readLock(backend, master, id, either);
      if (file) files.set(id, file);
    } catch (error) {
      failed.abort(error);
    }
  };
  await Promise.allSettled(wanted.map((id) => limited(() => load(id), either)));
  either.throwIfAborted();
  return { files, unread: fresh.length - wanted.length };
}

/** undefined: the file is gone or has no bytes. @throws AgentError without an answer, or the signal's reason */
async function readLock(
  backend: Backend,
  master: Session["master"],
  id: string,
  signal: AbortSignal,
): Promise<LockFile | UnreadableLock | undefined> {
  let sealed;
  try {
    sealed = await backend.load("locks", id, signal);
    if (sealed.length === 0) return undefined;
    // The transfer may have been at fault.
    if (!isNamed(sealed, id)) sealed = await backend.load("locks", id, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (isNotFound(error)) return undefined;
    const { code, message, transient } = toAgentError(error);
    if (transient) throw error;
    return { reason: `is not read: ${message}`, isFinal: code === "corrupt" };
  }
  if (!isNamed(sealed, id))
    return { reason: "does not match its name: truncated or changed", isFinal: false };
  try {
    return decodeLock(master.open(sealed));
  } catch (error) {
    return { reason: reasonOf(error), isFinal: true };
  }
}
