import { AgentError, toAgentError } from "../../../core/error.ts";
import type { ErrorCode } from "../../../core/error.ts";
import type { Backend } from "../../../backends/backend.ts";
import { SealError } from "../../crypto/key.ts";
import type { Key } from "../../crypto/key.ts";
import { reasonOf } from "../config.ts";
import { BoundError } from "../json.ts";
import type { Listed } from "../snapshot-cache.ts";
import { isNamed, isNotFound } from "../verified-load.ts";
import type { DecodedSnapshot } from "../snapshot.ts";
import { decodeFile } from "./decode-file.ts";

export interface SnapshotBounds {
  /** Bound of the JSON of a snapshot, the setting `maxSnapshotSize`. */
  readonly maxBytes: number;
  /** Files that exceed a bound, by name: they are not read again. */
  readonly exceeding: Map<string, Unreadable>;
}

/** After so many failures of one class reading stops: the repository fails, not the files. */
const MAX_EQUAL_FAILURES = 20;

/** Failures without an answer about the file: the repository may be away. */
const NO_ANSWER: ReadonlySet<ErrorCode> = new Set(["unreachable", "timeout", "secret", "config"]);

/** Why a snapshot file cannot be read. */
export interface Unreadable {
  readonly code: ErrorCode;
  /** Completes "the file …"; safe to print. */
  readonly reason: string;
}

const WAS_BAD: Unreadable = { code: "other", reason: "was unreadable" };
const WAS_DAMAGED: Unreadable = { code: "corrupt", reason: "was damaged" };

/** The unreadable files of a listing before a restart. */
export function unreadableBefore({ unreadable }: Listed): ReadonlyMap<string, Unreadable> {
  return new Map(
    [...unreadable].map(([id, { isDamaged }]) => [id, isDamaged ? WAS_DAMAGED : WAS_BAD]),
  );
}

export const MISSING: Unreadable = { code: "corrupt", reason: "is listed but missing" };

/** The outcome for the snapshot files that were asked for. */
export interface SnapshotFiles {
  /** Names of listed files that are missing. */
  readonly gone: ReadonlySet<string>;
  /** By name. */
  readonly unreadable: ReadonlyMap<string, Unreadable>;
  /** Names of the unreadable files that are complete but sealed with another key. */
  readonly foreign: ReadonlySet<string>;
  /** At least one was compressed: the repository is of version 2. */
  readonly compressed: boolean;
  /** The failure of the repository that ended reading early. */
  readonly failure: AgentError | undefined;
}

export interface SnapshotQueue {
  /** Names of files in the order in which they are read. */
  readonly ids: readonly string[];
  /** Files that could not be read last time: they say nothing about the repository. */
  readonly knownUnreadable: ReadonlyMap<string, unknown>;
  /** Called with each snapshot at once, so that a later failure does not lose it. */
  readonly found: (snapshot: DecodedSnapshot) => void;
}

/**
 * Loads snapshot files in parallel, over all connections of the backend. A file that cannot be read concerns only itself, unless the
 * first 20 files fail with the same class, or 20 in a row get no answer.
 * @throws the signal's reason, after all requests have ended
 */
export async function loadSnapshots(
  backend: Backend,
  key: Key,
  { ids, knownUnreadable, found }: SnapshotQueue,
  { maxBytes, exceeding }: SnapshotBounds,
  signal: AbortSignal,
): Promise<SnapshotFiles> {
  const gone = new Set<string>();
  const unreadable = new Map<string, Unreadable>();
  const foreign = new Set<string>();
  let compressed = false;
  let failure: AgentError | undefined;
  let tried = 0;
  let inRow = 0;
  let last: ErrorCode | undefined;
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);

  function fail(id: string, problem: Unreadable): void {
    unreadable.set(id, problem);
    if (knownUnreadable.has(id)) return;
    const { code } = problem;
    tried += 1;
    inRow = code === last ? inRow + 1 : 1;
    last = code;
    const ofRepository = inRow === tried || NO_ANSWER.has(code);
    if (inRow < MAX_EQUAL_FAILURES || !ofRepository) return;
    const one = `${id.slice(0, 8)} ${problem.reason}`;
    failure ??= new AgentError(code, `${inRow} snapshot files in a row cannot be read: ${one}`);
    failed.abort(failure);
  }

  async function decode(id: string, sealed: Uint8Array): Promise<void> {
    try {
      const file = await decodeFile(id, sealed, key, maxBytes, either);
      found(file.snapshot);
      compressed ||= file.compressed;
    } catch (error) {
      either.throwIfAborted();
      const problem: Unreadable = { code: "corrupt", reason: reason(error) };
      if (isForeign(error)) foreign.add(id);
      if (error instanceof BoundError) exceeding.set(id, problem);
      fail(id, problem);
      return;
    }
    tried += 1;
    last = undefined;
  }

  /** False if the content does not match the name. */
  async function read(id: string): Promise<boolean> {
    either.throwIfAborted();
    const exceeds = exceeding.get(id);
    if (exceeds) {
      unreadable.set(id, exceeds);
      return true;
    }
    let sealed;
    try {
      sealed = await backend.load("snapshots", id, either);
    } catch (error) {
      either.throwIfAborted();
      if (isNotFound(error)) gone.add(id);
      else {
        const problem = notLoaded(toAgentError(error));
        if (problem.code === "corrupt") exceeding.set(id, problem);
        fail(id, problem);
      }
      return true;
    }
    if (!isNamed(sealed, id)) return false;
    await decode(id, sealed);
    return true;
  }

  const queue = ids.values();
  const mismatched: string[] = [];
  async function worker(): Promise<void> {
    for (const id of queue) if (!(await read(id))) mismatched.push(id);
  }

  async function readAll(): Promise<void> {
    const workers = Math.min(backend.connections, ids.length);
    await Promise.allSettled(Array.from({ length: workers }, worker));
    // The transfer may have been at fault: load them again, one at a time.
    for (const id of mismatched) {
      if (!(await read(id)))
        fail(id, { code: "corrupt", reason: "does not match its name: truncated or changed" });
    }
  }

  try {
    await readAll();
  } catch (error) {
    if (!failure) throw error;
  }
  signal.throwIfAborted();
  return { gone, unreadable, foreign, compressed, failure };
}

function notLoaded({ code, message }: AgentError): Unreadable {
  // A file that exceeds its bound is damaged; of any other failure the class is shown.
  return { code, reason: `is not read${code === "corrupt" ? "" : ` (${code})`}: ${message}` };
}

function isForeign(error: unknown): boolean {
  return error instanceof SealError && error.reason === "wrong mac";
}

function reason(error: unknown): string {
  return isForeign(error) ? "is sealed with another key" : reasonOf(error);
}

/** The failure of a repository whose files are all unreadable or missing. */
export function noneReadable(
  listed: number,
  unreadable: ReadonlyMap<string, Unreadable>,
): AgentError {
  const [first] = unreadable;
  const message = `none of the ${listed} snapshot files can be read`;
  if (!first) return new AgentError("other", `${message}: all are missing`);
  const [id, bad] = first;
  return new AgentError(bad.code, `${message}: ${id.slice(0, 8)} ${bad.reason}`);
}
