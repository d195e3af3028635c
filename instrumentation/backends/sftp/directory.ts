import { MAX_NAME_LENGTH } from "../backend.ts";
import type { FileType, ListedFile } from "../backend.ts";
import type { Fields } from "./packet.ts";

export interface Wanted {
  /** The type of the files, for the bound. */
  readonly type: FileType;
  /** Entries whose type the server does not report are both. */
  readonly kind: "files" | "folders";
}

/** The files, or the folders, among the entries in a packet. @throws MalformedPacket */
export function* entriesIn(
  packet: Fields,
  count: number,
  kind: Wanted["kind"],
): Generator<ListedFile> {
  for (let left = count; left > 0; left--) {
    const name = packet.bytes();
    // The line of `ls -l`.
    packet.bytes();
    const { isFile, isFolder, sizeBytes } = packet.attributes();
    const isWanted = kind === "files" ? isFile : isFolder;
    if (isWanted && name.length <= MAX_NAME_LENGTH)
      yield { name: name.toString(), size: sizeBytes };
  }
}
