import { AgentError } from "../core/error.ts";

/** The kinds of files in a repository, as restic names their folders. `config` is a single file. */
export type FileType = "config" | "keys" | "snapshots" | "locks" | "index" | "data";

/** One page of a listing. */
export interface Page {
  /**
   * Last path segments. The name of a file of restic is the SHA-256 of its bytes, 64 lowercase hex digits; names of other files
   * in the folder may be listed or left out.
   */
  readonly names: readonly string[];
  /** Opaque: pass it to the next call. undefined: this was the last page. */
  readonly next: string | undefined;
  /** Bytes received for this page. */
  readonly receivedBytes: number;
}

/**
 * Read-only view of a repository's files: bytes only, without keys. No write exists.
 * Failures are AgentErrors: `not_found` for a missing file, `denied`, `unreachable`, `timeout`, `corrupt` for a file that exceeds
 * its bound, `other`; `transient` says whether the same call may be repeated. An aborted signal rejects with its reason.
 */
export interface Backend {
  /** Safe to print: credentials are removed. */
  readonly location: string;
  /** Maximum number of parallel requests. */
  readonly connections: number;
  /**
   * Lists one page of the files of a type (never `config`), in any order.
   * @param from `next` of the page before; undefined: the first page
   * @throws AgentError `not_found` if the folder is missing; the caller decides whether that is an error
   */
  list(type: FileType, from: string | undefined, signal: AbortSignal): Promise<Page>;
  /** Loads a whole file, at most `maxSizeBytes[type]` of the context. The name of `config` is the empty string. */
  load(type: FileType, name: string, signal: AbortSignal): Promise<Uint8Array>;
  /** Ends what is open between calls, such as a child process. The next call opens it again. Absent if nothing stays open. */
  close?(): Promise<void>;
}

/** The bucket or container does not exist. Unlike a missing folder, this is never an empty listing. */
export class MissingPlaceError extends AgentError {
  constructor(message: string) {
    super("not_found", message);
  }
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** Bounds of files that are read into memory, unless the setting `maxSnapshotSize` says otherwise. A snapshot may hold thousands of paths, an index file 150,000 blobs. */
export const MAX_SIZE_BYTES: Readonly<Record<FileType, number>> = {
  config: 64 * KIB,
  keys: 64 * KIB,
  locks: 64 * KIB,
  snapshots: 8 * MIB,
  index: 128 * MIB,
  data: 256 * MIB,
};

/** Bound of a listing that arrives as a stream: 100,000 packs are 9 MB of JSON. */
export const MAX_LISTING_BYTES = 64 * MIB;

/** Bound of the names in a listing, other files in the folder included: about 90 bytes of memory each. */
export const MAX_LISTED_NAMES = 2_000_000;

/** @param where the folder, safe to print */
export function tooManyNames(where: string): AgentError {
  return new AgentError("other", `${where} has more than ${MAX_LISTED_NAMES} files`);
}
