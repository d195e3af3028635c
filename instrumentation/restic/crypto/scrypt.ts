import { scrypt } from "node:crypto";

import type { KeyMaterial } from "./key.ts";

export interface ScryptParameters {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** N·r·p is the time: restic's own choice is about 2^21, 0.5 s. */
const MAX_COST = 2 ** 25;
const MAX_MEMORY_BYTES = 256 * 2 ** 20;

/** What is wrong with parameters of a key file, which anybody with write access may have put there; undefined if nothing. */
export function checkScrypt({ N, r, p }: ScryptParameters): string | undefined {
  if (![N, r, p].every((value) => Number.isSafeInteger(value) && value > 0))
    return "scrypt parameters are not positive integers";
  if (N < 2 || !Number.isInteger(Math.log2(N))) return `scrypt N=${N} is not a power of two`;
  if (N * r * p > MAX_COST) return `scrypt N=${N} r=${r} p=${p} costs more than N·r·p = 2^25`;
  if (128 * N * r > MAX_MEMORY_BYTES) return `scrypt N=${N} r=${r} takes more than 256 MiB`;
  return undefined;
}

/**
 * The user key of a key file: 64 bytes from scrypt, 32 for AES-256, 16 for the MAC's AES-128, 16 for its `r`.
 * Takes a thread of the pool for about half a second; parameters must have passed `checkScrypt`.
 */
export async function deriveKey(
  password: Uint8Array,
  salt: Uint8Array,
  { N, r, p }: ScryptParameters,
): Promise<KeyMaterial> {
  const derived = await new Promise<Buffer>((resolve, reject) => {
    // Node's default bound of 32 MiB refuses restic's normal parameters.
    scrypt(password, salt, 64, { N, r, p, maxmem: 128 * r * (N + p + 2) }, (error, bytes) => {
      if (error) reject(error);
      else resolve(bytes);
    });
  });
  return {
    encrypt: derived.subarray(0, 32),
    macK: derived.subarray(32, 48),
    macR: derived.subarray(48, 64),
  };
}
