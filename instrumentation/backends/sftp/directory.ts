import { maxListedNames, MAX_NAME_LENGTH, tooManyNames } from "../backend.ts";
import type { FileType, ListedFile } from "../backend.ts";
import type { Fields } from "./packet.ts";

export interface Wanted {
  /** The type of the files, for the bound. */
  readonly type: FileType;
  /** Entries whose type the server does not report are both. */
  readonly kind: "files" | "folders";
}

/** The files, or the folders, of a directory that arrives in packets. Memory is bounded by their number. */
export class Directory {
  readonly files: ListedFile[] = [];
  readonly #wanted: Wanted;
  readonly #where: string;
  #seen = 0;

  /** @param where the folder, safe to print */
  constructor(wanted: Wanted, where: string) {
    this.#wanted = wanted;
    this.#where = where;
  }

  /** @throws MalformedPacket; AgentError `other` if there are too many entries. A packet counts as well, so that an endless directory ends. */
  add(packet: Fields): void {
    const { type, kind } = this.#wanted;
    const count = packet.u32();
    for (let left = count; left > 0; left--) {
      const name = packet.bytes();
      // The line of `ls -l`.
      packet.bytes();
      const { isFile, isFolder, sizeBytes } = packet.attributes();
      const isWanted = kind === "files" ? isFile : isFolder;
      if (isWanted && name.length <= MAX_NAME_LENGTH)
        this.files.push({ name: name.toString(), size: sizeBytes });
    }
    this.#seen += count + 1;
    if (this.#seen > maxListedNames(type)) throw tooManyNames(this.#where, type);
  }
}
