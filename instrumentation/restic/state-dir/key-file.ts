import { hash } from "node:crypto";
import { rm } from "node:fs/promises";

import type { KeptKey, KeyKeeper } from "../repository/kept-key.ts";
import { Fields } from "./fields.ts";
import { readOwnFile, writeOwnFile } from "./own-file.ts";

/** A key file and a config of a repository have up to 64 KiB each. */
const MAX_BYTES = 2 ** 18;

/**
 * The file with the kept key of one repository. Its methods reject if the file cannot be used.
 * @param now becomes the time of last use of the file, milliseconds since the epoch
 */
export function keyFileAt(path: string, now: number): KeyKeeper {
  async function load(): Promise<KeptKey | undefined> {
    const text = await readOwnFile(path, MAX_BYTES, now);
    if (text === undefined) return undefined;
    const kept = decode(text);
    if (!kept) throw new Error(`${path} has no key: remove it`);
    return kept;
  }

  return {
    load,
    keep({ id, keyFile, config }) {
      const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
      return writeOwnFile(path, JSON.stringify([id, base64(keyFile), base64(config)]));
    },
    async listed(ids) {
      const kept = await load();
      if (kept && !ids.includes(kept.id)) await rm(path);
    },
  };
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
