import { AgentError } from "../core/error.ts";
import { listedFiles } from "./backend.ts";
import type { ListedFile, ListOptions, Page } from "./backend.ts";

const FOLDER = /^[0-9a-f]{2}$/;
const DIGITS = "0123456789abcdef";

interface Folder {
  readonly files: readonly ListedFile[];
  readonly receivedBytes: number;
}

/** How packs are listed in a file system. */
interface PackFolders {
  /** The folders in `data`, and others. */
  readonly folders: readonly string[];
  /** Lists one of them. */
  readonly list: (folder: string) => Promise<Folder>;
  /** Of the call of `Backend.list`. */
  readonly from: string | undefined;
  readonly options: ListOptions | undefined;
}

/** Packs are in 256 folders, `data/ab/abcd…`. A page has those whose first digit is the same, so that one page is in memory. */
export async function listPacks({ folders, list, from, options }: PackFolders): Promise<Page> {
  const prefix = options?.prefix ?? "";
  const digit = prefix[0] ?? from ?? "0";
  const asked = folders.filter(
    (folder) =>
      FOLDER.test(folder) && folder.startsWith(digit) && folder.startsWith(prefix.slice(0, 2)),
  );
  const listed = await Promise.all(asked.map((folder) => present(folder, list)));
  const files = listed.flatMap(({ files: packs }, index) =>
    packs.filter(({ name }) => name.startsWith(asked[index] ?? "/")),
  );
  return {
    ...listedFiles(files, options),
    next: prefix === "" ? DIGITS[DIGITS.indexOf(digit) + 1] : undefined,
    receivedBytes: listed.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0),
  };
}

/** A folder that was listed a moment ago is no empty one if it is missing: its file system is. */
async function present(folder: string, list: PackFolders["list"]): Promise<Folder> {
  try {
    return await list(folder);
  } catch (error) {
    if (!(error instanceof AgentError) || error.code !== "not_found") throw error;
    throw new AgentError("other", `${error.message}, though it was listed`, {
      transient: true,
      cause: error,
    });
  }
}
