import { AgentError } from "../core/error.ts";

/** The kinds of files in a repository, as restic names their folders. `config` is a single file. */
export type FileType = "config" | "keys" | "snapshots" | "locks" | "index" | "data";

/** Files in a listing. */
export interface ListedFiles {
  /**
   * Last path segments. The name of a file of restic is the SHA-256 of its bytes, 64 lowercase hex digits; names of other files
   * in the folder may be listed or left out. A pack outside of its own folder, `data/ab/abcd…`, is left out if the server tells the
   * folders: restic does not find it.
   */
  readonly names: readonly string[];
  /**
   * Sizes of the same files in bytes, at most `Number.MAX_SAFE_INTEGER`. undefined: not asked for, or the server does not report the
   * size of each.
   */
  readonly sizes?: readonly number[] | undefined;
}

/** One page of a listing. */
export interface Page extends ListedFiles {
  /** Opaque: pass it to the next call. undefined: this was the last page. */
  readonly next: string | undefined;
  /** Bytes received for this page. */
  readonly receivedBytes: number;
}

/** Listings of many files. The same for each page of a listing. */
export interface ListOptions {
  /** List only names that begin with these lowercase hex digits. Needs a backend with `slices`. */
  readonly prefix?: string | undefined;
  /** Return sizes. Only a local folder needs more operations for them: one for each file. */
  readonly sizes?: boolean | undefined;
  /**
   * Receives files of the page while it arrives, so that they need not be in memory at once; the returned page has the others. Used by
   * servers that send a listing of any length in one response. They are valid once the page is returned. A retry begins the page
   * again: a file may be received twice. Must not throw.
   */
  readonly onPart?: ((part: ListedFiles) => void) | undefined;
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
  /** true: `list` accepts a prefix, and then reads nothing else. Default: false. */
  readonly slices?: boolean | undefined;
  /**
   * Lists one page of the files of a type (never `config`), in any order.
   * @param from `next` of the page before; undefined: the first page
   * @throws AgentError `not_found` if the folder is missing; the caller decides whether that is an error
   */
  list(
    type: FileType,
    from: string | undefined,
    signal: AbortSignal,
    options?: ListOptions,
  ): Promise<Page>;
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

/** Longer names are not those of restic, and are left out if memory is at stake. */
export const MAX_NAME_LENGTH = 64;

/**
 * Bound of the names in a listing, other files in the folder included: 2 million, about 90 bytes of memory each; 20 million packs (300 TB
 * and more), which no caller has in memory at once.
 */
export function maxListedNames(type: FileType): number {
  return type === "data" ? 20_000_000 : 2_000_000;
}

/** @param where the folder, safe to print */
export function tooManyNames(where: string, type: FileType): AgentError {
  return new AgentError("other", `${where} has more than ${maxListedNames(type)} files`);
}

/** The path of a file below the repository on file systems and in object stores. A pack is in the folder of its first two digits. */
export function pathOf(type: FileType, name: string): string {
  if (type === "config") return type;
  return type === "data" ? `${type}/${name.slice(0, 2)}/${name}` : `${type}/${name}`;
}

/** A file in a listing before it is returned. */
export interface ListedFile {
  readonly name: string;
  /** As received: a number, or decimal digits. */
  readonly size: unknown;
}

/** The files of a page that `options` ask for. */
export function listedFiles(
  files: readonly ListedFile[],
  { prefix = "", sizes: wantsSizes = false }: ListOptions = {},
): ListedFiles {
  const asked = prefix === "" ? files : files.filter(({ name }) => name.startsWith(prefix));
  const names = asked.map(({ name }) => name);
  if (!wantsSizes) return { names };
  const sizes = asked.map(({ size }) => bytesOf(size)).filter((size) => size !== undefined);
  return { names, sizes: sizes.length === names.length ? sizes : undefined };
}

const DIGITS = /^\d{1,20}$/;

function bytesOf(size: unknown): number | undefined {
  const bytes = typeof size === "string" && DIGITS.test(size) ? Number(size) : size;
  return typeof bytes === "number" && (Number.isInteger(bytes) || bytes === Infinity) && bytes >= 0
    ? Math.min(bytes, Number.MAX_SAFE_INTEGER)
    : undefined;
}
