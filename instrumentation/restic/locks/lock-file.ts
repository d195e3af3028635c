import { unpack } from "../repository/decompress.ts";
import { count, parseObject, text } from "../repository/json.ts";
import { nameIn } from "../repository/snapshot.ts";
import { parseInstant, ZERO_TIME } from "../repository/timestamp.ts";
import type { Instant } from "../repository/timestamp.ts";

/** One lock file. restic design document, section "Locks". */
export interface LockFile {
  readonly hostname: string;
  readonly username: string;
  /** 0: the file has none. */
  readonly pid: number;
  readonly exclusive: boolean;
  /** When the file was written, by the clock of its holder. */
  readonly time: Instant;
}

/** Bound of the JSON: restic writes 200 bytes. */
const MAX_JSON_BYTES = 64 * 1024;

/**
 * @param plain the decrypted file, which may be compressed
 * @throws Error whose message completes "the file …" and is safe to print
 */
export function decodeLock(plain: Uint8Array): LockFile {
  const object = parseObject(unpack(plain, MAX_JSON_BYTES).json);
  // Missing, as Go reads it.
  const time = object["time"] == null ? ZERO_TIME : parseInstant(text(object, "time"));
  if (!time) throw new Error('has no valid "time"');
  const exclusive = object["exclusive"] ?? false;
  if (typeof exclusive !== "boolean") throw new Error('has an "exclusive" that is not a boolean');
  return {
    hostname: nameIn(object, "hostname"),
    username: nameIn(object, "username"),
    pid: count(object, "pid") ?? 0,
    exclusive,
    time,
  };
}
