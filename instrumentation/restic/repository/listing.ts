import { AgentError } from "../../core/error.ts";
import { MissingPlaceError } from "../../backends/backend.ts";
import type { Backend, FileType, Page } from "../../backends/backend.ts";
import { Ids } from "../../backends/file-ids.ts";
import { isNotFound } from "./verified-load.ts";

/** More files, or pages, than any repository has of a type: ends a listing that never ends. */
const MAX_FILES = 10_000_000;

/**
 * All names of a type that can be files of a repository, as they are listed; temporary files and litter left out, as restic does.
 * A page that fails fails the listing: a part of a listing is none.
 */
export async function listIds(backend: Backend, type: FileType, signal: AbortSignal): Promise<Ids> {
  const ids = new Ids();
  let from: string | undefined;
  let seen = 0;
  do {
    const page = await listPage(backend, type, from, signal);
    seen += page.names.length + 1;
    if (seen > MAX_FILES || (page.next !== undefined && page.next === from)) {
      throw new AgentError("other", `the listing of ${type}/ does not end`);
    }
    if (from === undefined && page.next === undefined && page.names instanceof Ids)
      return page.names;
    for (const name of page.names) ids.push(name);
    from = page.next;
  } while (from !== undefined);
  return ids;
}

/** Each once, so that the same files are read in the same order whoever lists them. */
export function inOrder(ids: Iterable<string>): readonly string[] {
  return [...new Set(ids)].toSorted();
}

/** Folders are made when they are needed, and object stores have none: one that is not there is empty. */
async function listPage(
  backend: Backend,
  type: FileType,
  from: string | undefined,
  signal: AbortSignal,
): Promise<Page> {
  try {
    return await backend.list(type, from, signal);
  } catch (error) {
    if (from === undefined && isNotFound(error) && !(error instanceof MissingPlaceError))
      return { names: [], next: undefined, receivedBytes: 0 };
    throw error;
  }
}
