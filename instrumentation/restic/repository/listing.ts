import { AgentError } from "../../core/error.ts";
import { MAX_LISTED_NAMES, MissingPlaceError, tooManyNames } from "../../backends/backend.ts";
import type { Backend, FileType, Page } from "../../backends/backend.ts";
import { isNotFound } from "./verified-load.ts";

/** SHA-256 as restic writes it. restic ignores other names too: temporary files, litter. */
const FILE_ID = /^[0-9a-f]{64}$/;

/**
 * The names of all files of a type, each once. A page that fails fails the listing: a partial listing would hide files.
 * @param mustExist a missing folder is an error; default: it is empty, since writers create folders on demand, and object stores have none
 */
export async function listIds(
  backend: Backend,
  type: FileType,
  signal: AbortSignal,
  mustExist = false,
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  let from: string | undefined;
  let seen = 0;
  do {
    const page = await listPage(backend, type, from, signal, mustExist);
    seen += page.names.length + 1;
    // A page counts as well, so that an endless listing ends.
    if (seen > MAX_LISTED_NAMES) throw tooManyNames(`${type}/`);
    if (page.next !== undefined && page.next === from) {
      throw new AgentError("other", `the listing of ${type}/ does not end`);
    }
    for (const id of idsIn(page.names)) ids.add(id);
    from = page.next;
  } while (from !== undefined);
  return ids;
}

/** The names of restic's files among others, each once. */
export function idsIn(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.filter((name) => FILE_ID.test(name)));
}

async function listPage(
  backend: Backend,
  type: FileType,
  from: string | undefined,
  signal: AbortSignal,
  mustExist: boolean,
): Promise<Page> {
  try {
    return await backend.list(type, from, signal);
  } catch (error) {
    const isMissing = isNotFound(error) && !(error instanceof MissingPlaceError);
    if (from === undefined && isMissing && !mustExist)
      return { names: [], next: undefined, receivedBytes: 0 };
    throw error;
  }
}
