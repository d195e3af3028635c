import type { TextKeeper } from "../repository/snapshot-cache.ts";
import { openLine, seal } from "./line.ts";
import { readOwnFile, writeOwnFile } from "./own-file.ts";

/** 1,000 locks with names of a usual length take 200 KiB. */
const MAX_BYTES = 16 * 2 ** 20;

/** The file with the locks of one repository, sealed with a key that is derived from the master key. Its methods reject if the file cannot be used. */
export function locksFileAt(path: string): TextKeeper {
  const purpose = (repositoryId: string): string => `restic-otel locks of ${repositoryId}`;
  return {
    async load(repositoryId, master) {
      const line = await readOwnFile(path, MAX_BYTES);
      if (line === undefined) return undefined;
      return openLine(line.trimEnd(), master.derive(purpose(repositoryId)));
    },
    keep: (text, repositoryId, master) =>
      writeOwnFile(path, seal(text, master.derive(purpose(repositoryId)))),
  };
}
