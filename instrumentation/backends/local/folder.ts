import { opendir, stat } from "node:fs/promises";
import { join } from "node:path";

import { maxListedNames, tooManyNames } from "../backend.ts";
import type { FileType, ListedFile } from "../backend.ts";

/** Directory entries that are read at a time. */
const BUFFER = 1024;

/** The names of the folders, or of everything else, in a folder. A link is both. */
export async function namesIn(
  folder: string,
  type: FileType,
  kind: "files" | "folders",
): Promise<readonly string[]> {
  const names: string[] = [];
  let seen = 0;
  for await (const entry of await opendir(folder, { bufferSize: BUFFER })) {
    if (entry.isSymbolicLink() || entry.isDirectory() === (kind === "folders"))
      names.push(entry.name);
    if (++seen > maxListedNames(type)) throw tooManyNames(folder, type);
  }
  return names;
}

/** Regular files with their sizes, one after the other: if the file system hangs, it blocks one thread of Node.js. */
export async function withSizes(
  folder: string,
  names: readonly string[],
): Promise<readonly ListedFile[]> {
  const files: ListedFile[] = [];
  for (const name of names) {
    const found = await stat(join(folder, name)).catch(ignoreMissing);
    if (found?.isFile() === true) files.push({ name, size: found.size });
  }
  return files;
}

/** The file was removed after its folder was read, or its link leads nowhere. */
function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
  throw error;
}
