import { setImmediate as nextTurn } from "node:timers/promises";

import { AgentError, toAgentError } from "../../core/error.ts";
import { inSteps } from "../../core/in-steps.ts";
import type { Backend } from "../../backends/backend.ts";
import { SealError } from "../crypto/key.ts";
import type { Key } from "../crypto/key.ts";
import { reasonOf } from "../repository/config.ts";
import { unpackAside } from "../repository/decompress.ts";
import { isNotFound, loadVerified } from "../repository/verified-load.ts";
import { decodeIndex, MAX_INDEX_JSON_BYTES } from "./decode-index.ts";
import type { IndexRecord } from "./index-record.ts";

/** Failures of the file itself, not of the way to it. */
const OF_FILE: ReadonlySet<string> = new Set(["corrupt", "denied", "other"]);

/** Index files that are loaded at the same time, while one is decoded. */
const AHEAD = 3;

export interface IndexQueue {
  /** Ids of index files, in the order in which they are read. */
  readonly ids: readonly string[];
  /** The size of a file by the listing; undefined: the server does not tell. */
  readonly sizeOf: (id: string) => number | undefined;
  /** Bytes that may still be received. */
  readonly budget: { left: number };
  /** Without the rows of data blobs, if there are too many. */
  readonly withData: () => boolean;
  readonly found: (record: IndexRecord) => Promise<void>;
}

/** The outcome for the index files that were asked for. Those in no list were not asked for: the budget is used up. */
export interface IndexFiles {
  readonly gone: ReadonlySet<string>;
  /** By id: why a file cannot be read; completes "the file …". */
  readonly unreadable: ReadonlyMap<string, string>;
}

/**
 * Loads index files and decodes one after the other. A file that cannot be read concerns only itself; a repository that does not answer
 * ends it.
 * @param now milliseconds since the epoch, kept with each record
 * @throws AgentError
 */
export async function readIndex(
  backend: Backend,
  key: Key,
  queue: IndexQueue,
  now: number,
  signal: AbortSignal,
): Promise<IndexFiles> {
  const gone = new Set<string>();
  const unreadable = new Map<string, string>();
  const loading: { readonly id: string; readonly file: Promise<Loaded> }[] = [];
  const ids = queue.ids.values();
  const begin = (): void => {
    if (queue.budget.left <= 0) return;
    const { value: id } = ids.next();
    if (id === undefined) return;
    // What a file has beyond its listed size counts when it is there.
    queue.budget.left -= queue.sizeOf(id) ?? 0;
    loading.push({ id, file: load(backend, id, signal) });
  };
  for (let count = 0; count < Math.min(AHEAD, backend.connections); count++) begin();
  for (let next = loading.shift(); next; next = loading.shift()) {
    const { id } = next;
    const { stored, problem, isGone, failure } = await next.file;
    if (failure) throw failure;
    // The listing may be wrong.
    if (stored) queue.budget.left -= Math.max(0, stored.length - (queue.sizeOf(id) ?? 0));
    begin();
    if (isGone) gone.add(id);
    if (problem !== undefined) unreadable.set(id, problem);
    if (!stored) continue;
    const record = await decode(id, stored, key, now, signal);
    if (typeof record === "string") unreadable.set(id, record);
    else await queue.found(queue.withData() ? record : { ...record, data: undefined });
  }
  return { gone, unreadable };
}

/** One of the members is there. */
interface Loaded {
  readonly stored?: Uint8Array;
  readonly isGone?: boolean;
  readonly problem?: string;
  readonly failure?: AgentError;
}

/** Never rejects: several are awaited one after the other. */
async function load(backend: Backend, id: string, signal: AbortSignal): Promise<Loaded> {
  for (let attempt = 1; ; attempt++)
    try {
      const stored = await loadVerified(backend, "index", id, signal);
      return stored ? { stored } : { problem: "does not match its name: truncated or changed" };
    } catch (error) {
      if (isNotFound(error)) return { isGone: true };
      const failure = toAgentError(error);
      if (signal.aborted || !OF_FILE.has(failure.code)) return { failure };
      if (attempt === 2) return { problem: `is not read (${failure.code}): ${failure.message}` };
    }
}

/** @returns as a string why the file cannot be decoded */
async function decode(
  id: string,
  stored: Uint8Array,
  key: Key,
  now: number,
  signal: AbortSignal,
): Promise<IndexRecord | string> {
  try {
    await nextTurn();
    const plain = await inSteps(key.openInSteps(stored), signal);
    await nextTurn();
    const json = await unpackAside(plain, MAX_INDEX_JSON_BYTES);
    const text = Buffer.from(json.buffer, json.byteOffset, json.length);
    const rows = await inSteps(decodeIndex(text), signal);
    return { id, readAt: now, size: stored.length, ...rows };
  } catch (error) {
    signal.throwIfAborted();
    const isForeign = error instanceof SealError && error.reason === "wrong mac";
    return isForeign ? "is sealed with another key" : reasonOf(error);
  }
}
