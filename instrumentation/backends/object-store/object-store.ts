import { posix } from "node:path";

import { AgentError } from "../../core/error.ts";
import { isJsonObject, textMember } from "../../core/json.ts";
import { MissingPlaceError } from "../backend.ts";
import type { Backend, FileType, Page } from "../backend.ts";

/** Bound of one page of a listing: 5,000 blobs of Azure, or 1,000 names of the longest kind. */
export const MAX_PAGE_BYTES = 16 * 2 ** 20;

/** The requests to one bucket or container. Failures are AgentErrors, as those of a Backend. */
export interface ObjectStore {
  /** The bucket or container; safe to print, a name may follow: `gs:bucket:/`. */
  readonly where: string;
  /** The path of the repository in it. */
  readonly prefix: string;
  /** Maximum number of parallel requests. */
  readonly connections: number;
  readonly maxSizeBytes: Readonly<Record<FileType, number>>;
  /**
   * Lists one page of the objects in a folder.
   * @param folder ends with a slash
   * @param deep include objects in folders below
   */
  list(folder: string, deep: boolean, from: string | undefined, signal: AbortSignal): Promise<Page>;
  load(name: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array>;
}

/** A repository in an object store. Packs are in 256 folders below `data`; all other folders are flat. */
export function objectStoreBackend(all: ObjectStore): Backend {
  const { where, prefix, connections, maxSizeBytes, ...store } = all;
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
    async list(type, from, signal) {
      const folder = `${root}${type}/`;
      try {
        const page = await store.list(folder, type === "data", from, signal);
        if (page.next === undefined || page.next !== from)
          return { ...page, names: page.names.map(detached) };
        throw new AgentError(
          "other",
          `${where}${folder}: the server sends the same page of the listing again and again`,
        );
      } catch (error) {
        return prefixed(listingError(error));
      }
    },
    load: (type, name, signal) =>
      store.load(root + objectPath(type, name), maxSizeBytes[type], signal).catch(prefixed),
  };
}

/** A copy: V8 keeps the whole text that a part was cut from. */
function detached(name: string): string {
  return Buffer.from(name).toString();
}

function objectPath(type: FileType, name: string): string {
  if (type === "config") return type;
  return type === "data" ? `${type}/${name.slice(0, 2)}/${name}` : `${type}/${name}`;
}

/** For a listing, "corrupt" (too large) and "not_found" mean something else: a store has no folders that could be missing. */
function listingError(error: unknown): unknown {
  return error instanceof AgentError &&
    (error.code === "corrupt" ||
      (error.code === "not_found" && !(error instanceof MissingPlaceError)))
    ? new AgentError("other", error.message, { cause: error })
    : error;
}

/** File names in a listing in JSON: the last path segments of the members `name`. */
export function fileNames(entries: readonly unknown[]): readonly string[] {
  return entries
    .filter(isJsonObject)
    .map((entry) => posix.basename(textMember(entry, "name") ?? ""))
    .filter((name) => name !== "");
}

/** A query string with `%20` for a space: some servers do not decode a plus. */
export function queryString(parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return new URLSearchParams(Object.fromEntries(given)).toString().replaceAll("+", "%20");
}
