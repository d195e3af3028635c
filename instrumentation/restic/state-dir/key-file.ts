import { hash } from "node:crypto";
import { rm } from "node:fs/promises";

import type { KeptKey, KeyKeeper } from "../repository/kept-key.ts";
import { Fields } from "./fields.ts";
import { readOwnFile, writeOwnFile } from "./own-file.ts";

/** A key file and a config of a repository have up to 64 KiB each. */
const MAX_BYTES = 2 ** 18;

/** The file with the kept key of one repository. Its methods reject if the file cannot be used. */
export class KeyFile implements KeyKeeper {
  readonly #path: string;
  readonly #now: number;

  /** @param now becomes the time of last use of the file, milliseconds since the epoch */
  constructor(path: string, now: number) {
    this.#path = path;
    this.#now = now;
  }

  async load(): Promise<KeptKey | undefined> {
    const text = await readOwnFile(this.#path, MAX_BYTES, this.#now);
    if (text === undefined) return undefined;
    const kept = decode(text);
    if (!kept) throw new Error(`${this.#path} has no key: remove it`);
    return kept;
  }

  keep({ id, keyFile, config }: KeptKey): Promise<void> {
    const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
    return writeOwnFile(this.#path, JSON.stringify([id, base64(keyFile), base64(config)]));
  }

  async listed(ids: readonly string[]): Promise<void> {
    const kept = await this.load();
    if (kept && !ids.includes(kept.id)) await rm(this.#path);
  }
}

/** undefined: the text is not what `keep` writes, or the key is not that of the name. */
function decode(text: string): KeptKey | undefined {
  try {
    const fields = Fields.parse(text);
    const bytes = (index: number): Uint8Array => Buffer.from(fields.text(index), "base64");
    const kept = { id: fields.text(0), keyFile: bytes(1), config: bytes(2) };
    return hash("sha256", kept.keyFile) === kept.id ? kept : undefined;
  } catch {
    return undefined;
  }
}
