import { AgentError } from "../../core/error.ts";
import { forParts, turnIfLong } from "../../core/in-steps.ts";
import { maxListedNames, MissingPlaceError, tooManyNames } from "../../backends/backend.ts";
import type { Backend, FileType, ListedFiles, ListOptions, Page } from "../../backends/backend.ts";
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
  const found = ({ names }: ListedFiles): Promise<void> =>
    forParts(names, (part) => {
      for (const name of part) if (FILE_ID.test(name)) ids.add(name);
    });
  await listFiles(backend, type, { found, mustExist }, signal);
  await turnIfLong(ids.size);
  return ids;
}

interface Listing extends ListOptions {
  /** Receives the files of each page, beside those of restic others as well. */
  readonly found: (files: ListedFiles) => void | Promise<void>;
  /** As for listIds. */
  readonly mustExist?: boolean | undefined;
}

/** Lists all files of a type, page by page. Files that were found are valid when the call returns: a page that fails fails the listing. */
export async function listFiles(
  backend: Backend,
  type: FileType,
  { found, mustExist = false, ...options }: Listing,
  signal: AbortSignal,
): Promise<void> {
  let from: string | undefined;
  let seen = 0;
  // A server may send the same pages in a circle: one token is compared with the later ones, and moves on after 1, 2, 4 and so on pages.
  let mark: string | undefined;
  let span = 1;
  let untilMark = 1;
  do {
    const page = await listPage(() => backend.list(type, from, signal, options), {
      mustExist: mustExist || from !== undefined,
    });
    seen += page.names.length + 1;
    // A page counts as well, so that an endless listing ends.
    if (seen > maxListedNames(type)) throw tooManyNames(`${type}/`, type);
    if (page.next !== undefined && page.next === mark) {
      throw new AgentError("other", `the listing of ${type}/ does not end`);
    }
    await found(page);
    from = page.next;
    if (--untilMark > 0) continue;
    mark = from;
    untilMark = span *= 2;
  } while (from !== undefined);
}

/** The names of restic's files among others, each once. */
export function idsIn(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.filter((name) => FILE_ID.test(name)));
}

async function listPage(
  list: () => Promise<Page>,
  { mustExist }: { readonly mustExist: boolean },
): Promise<Page> {
  try {
    return await list();
  } catch (error) {
    const isMissing = isNotFound(error) && !(error instanceof MissingPlaceError);
    if (isMissing && !mustExist) return { names: [], next: undefined, receivedBytes: 0 };
    throw error;
  }
}
