import { AgentError } from "../core/error.ts";
import type { Ids } from "./file-ids.ts";

/** The kinds of files in a repository, as restic names their folders. `config` is a single file. */
export type FileType = "config" | "keys" | "snapshots" | "locks" | "index" | "data";

/** One page of a listing. */
export interface Page {
  /**
   * The last parts of their paths: for good files the SHA-256 of their bytes, 64 lowercase hex digits. What else lies in the folder
   * may be there or be left out.
   */
  readonly names: readonly string[] | Ids;
  /** Hand it to the next call; undefined at the end. Opaque. */
  readonly next: string | undefined;
  /** What was received for it, bytes. */
  readonly receivedBytes: number;
}

/**
 * Read-only view of a repository's files: bytes only, knows nothing of keys. There is no way to write.
 * Failures are AgentErrors: `not_found` for what is not there, `denied`, `unreachable`, `timeout`, `corrupt` for a file
 * over its bound, `other`; `transient` says whether the same call may be repeated. An aborted signal rejects with its reason.
 */
export interface Backend {
  /** Safe to print: credentials removed. */
  readonly location: string;
  /** Requests that may be under way at once. */
  readonly connections: number;
  /**
   * One page of the files of a type (never `config`), in any order.
   * @throws AgentError `not_found` if there is no such folder: what that means is the caller's to say
   */
  list(type: FileType, from: string | undefined, signal: AbortSignal): Promise<Page>;
  /** A whole file; never more than `MAX_SIZE_BYTES[type]`. The name of `config` is the empty string. */
  load(type: FileType, name: string, signal: AbortSignal): Promise<Uint8Array>;
  /** Ends what a collection keeps open: a child process. The next call opens it anew. Missing where nothing is kept. */
  close?(): Promise<void>;
}

/** The bucket or container itself is not there: more than a file or a folder that is missing, and never an empty listing. */
export class MissingPlaceError extends AgentError {
  constructor(message: string) {
    super("not_found", message);
  }
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** Bounds of what is read into memory. A snapshot may hold thousands of paths, an index file 150,000 blobs. */
export const MAX_SIZE_BYTES: Readonly<Record<FileType, number>> = {
  config: 64 * KIB,
  keys: 64 * KIB,
  locks: 64 * KIB,
  snapshots: 8 * MIB,
  index: 128 * MIB,
  data: 256 * MIB,
};

/** Bound of one page of a listing: 100,000 packs are 9 MB of JSON. */
export const MAX_LISTING_BYTES = 64 * MIB;
