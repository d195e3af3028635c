import { AgentError } from "../../core/error.ts";
import { isJsonObject, textMember } from "../../core/json.ts";
import { listedFiles, MissingPlaceError, pathOf } from "../backend.ts";
import type { Backend, FileType, ListedFile, Page } from "../backend.ts";
import type { BackendContext } from "../context.ts";

/**
 * Bound of one page of a listing, which is parsed as a whole: 1,000 names of 1,024 bytes with each byte escaped as six (`\\u00e4`) and
 * 10 KiB of metadata, or 5,000 blobs of Azure with 3 KiB each. A page of restic's files has 0.1 to 4 MB.
 */
export const MAX_PAGE_BYTES = 16 * 2 ** 20;

/** The objects that a listing is about. */
interface ObjectListing {
  /** Ends with a slash. */
  readonly folder: string;
  /** All names begin with it; it begins with the folder. */
  readonly prefix: string;
  /** Includes objects in folders below. */
  readonly deep: boolean;
}

/** One page of a listing; the members `next` and `receivedBytes` as in `Page`. */
export interface ObjectPage extends Pick<Page, "next" | "receivedBytes"> {
  /** With full names. Folders, and some objects outside of the listing, may be among them. */
  readonly objects: readonly ListedFile[];
}

/** The requests to one bucket or container. Failures are AgentErrors, as those of a Backend. */
export interface ObjectStore {
  /** The bucket or container; safe to print, a name may follow: `gs:bucket:/`. */
  readonly where: string;
  /** The path of the repository in it. */
  readonly prefix: string;
  /** Lists one page. */
  list(listing: ObjectListing, from: string | undefined, signal: AbortSignal): Promise<ObjectPage>;
  load(name: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array>;
}

/** A repository in an object store. Packs are in 256 folders below `data`; all other folders are flat. */
export function objectStoreBackend(
  { connections, maxSizeBytes }: BackendContext,
  { where, prefix, ...store }: ObjectStore,
): Backend {
  const root = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
  // Network and login errors name only the host.
  const bucket = where.replace(/:?\/?$/, "");
  const prefixed = (error: unknown): never => {
    if (!(error instanceof AgentError) || error.message.includes(bucket)) throw error;
    const { code, message, transient, retryAfterMs } = error;
    throw new AgentError(code, `${bucket}: ${message}`, { transient, retryAfterMs, cause: error });
  };
  return {
    location: where + prefix,
    connections,
    slices: true,
    async list(type, from, signal, options) {
      const folder = `${root}${type}/`;
      try {
        const listing = {
          folder,
          prefix: folder + sliceOf(type, options?.prefix ?? ""),
          deep: type === "data",
        };
        const { objects, next, receivedBytes } = await store.list(listing, from, signal);
        // A page of another folder: without its names this one would look empty.
        const isAsked = ({ name }: ListedFile): boolean =>
          name === "" || name.startsWith(listing.prefix);
        if (objects.length > 0 && !objects.some(isAsked))
          throw new AgentError(
            "other",
            `${where}${folder}: the server lists other objects than it was asked for`,
          );
        const files = objects.flatMap((object) => fileIn(root, type, object));
        if (next === undefined || next !== from)
          return { ...listedFiles(files, options), next, receivedBytes };
        throw new AgentError(
          "other",
          `${where}${folder}: the server sends the same page of the listing again and again`,
        );
      } catch (error) {
        return prefixed(listingError(error));
      }
    },
    load: (type, name, signal) =>
      store.load(root + pathOf(type, name), maxSizeBytes[type], signal).catch(prefixed),
  };
}

/** The beginning of the paths of files whose names begin with these digits. */
function sliceOf(type: FileType, prefix: string): string {
  return type === "data" && prefix.length > 1 ? `${prefix.slice(0, 2)}/${prefix}` : prefix;
}

/** Empty: a folder, or an object in a folder where restic does not look for it. */
function fileIn(
  root: string,
  type: FileType,
  { name: key, size }: ListedFile,
): readonly ListedFile[] {
  // A copy: V8 keeps the whole text that a part was cut from.
  const name = Buffer.from(key.slice(key.lastIndexOf("/") + 1)).toString();
  return name !== "" && key === root + pathOf(type, name) ? [{ name, size }] : [];
}

/** For a listing, "corrupt" (too large) and "not_found" mean something else: a store has no folders that could be missing. */
function listingError(error: unknown): unknown {
  return error instanceof AgentError &&
    (error.code === "corrupt" ||
      (error.code === "not_found" && !(error instanceof MissingPlaceError)))
    ? new AgentError("other", error.message, { cause: error })
    : error;
}

/** The objects of a listing in JSON. Entries without a name are folders. @param size the member that has the size */
export function objectsIn(entries: readonly unknown[], size: string): readonly ListedFile[] {
  return entries
    .filter(isJsonObject)
    .map((entry) => ({ name: textMember(entry, "name") ?? "", size: entry[size] }));
}

/** A query string with `%20` for a space: some servers do not decode a plus. */
export function queryString(parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return new URLSearchParams(Object.fromEntries(given)).toString().replaceAll("+", "%20");
}
