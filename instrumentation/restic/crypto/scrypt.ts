import { scrypt } from "node:crypto";

import type { KeyMaterial } from "./key.ts";

export interface ScryptParameters {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** The time is proportional to N·r·p. restic chooses about 2^21: 0.5 s. */
const MAX_COST = 2 ** 25;
const MAX_MEMORY_BYTES = 256 * 2 ** 20;

/** Why the parameters of a key file are refused; undefined: they are fine. Everyone with write access can add key files. */
export function checkScrypt({ N, r, p }: ScryptParameters): string | undefined {
  if (![N, r, p].every((value) => Number.isSafeInteger(value) && value > 0))
    return "scrypt parameters are not positive integers";
  if (N < 2 || !Number.isInteger(Math.log2(N))) return `scrypt N=${N} is not a power of two`;
  if (N * r * p > MAX_COST) return `scrypt N=${N} r=${r} p=${p} costs more than N·r·p = 2^25`;
  if (128 * N * r > MAX_MEMORY_BYTES) return `scrypt N=${N} r=${r} needs more than 256 MiB`;
  return undefined;
}

/**
 * The user key of a key file. Occupies a thread of the pool for about half a second.
 * @param parameters checked by `checkScrypt`
 */
export async function deriveKey(
  password: Uint8Array,
  salt: Uint8Array,
  { N, r, p }: ScryptParameters,
): Promise<KeyMaterial> {
  const derived = await new Promise<Buffer>((resolve, reject) => {
    // Node.js allows 32 MiB by default: less than restic's normal parameters need.
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
