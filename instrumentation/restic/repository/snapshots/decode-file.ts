import { setImmediate as nextTurn } from "node:timers/promises";

import { inSteps } from "../../../core/in-steps.ts";
import { limit } from "../../../core/limit.ts";
import type { Key } from "../../crypto/key.ts";
import { unpack } from "../decompress.ts";
import type { Unpacked } from "../decompress.ts";
import { groupsInSteps } from "../groups.ts";
import { BoundError, checkBounds, parseChecked } from "../json.ts";
import { decodeSnapshot, snapshotOf } from "../snapshot.ts";
import type { DecodedSnapshot } from "../snapshot.ts";

/** A larger file, or one with more JSON, is decoded in stages: one with 8 MiB takes 100 ms, and other work has its turn in between. */
const LARGE_BYTES = 2 ** 18;

/** For all repositories of the process: the stages of several files in one turn would be one long pause. */
const oneLarge = limit(1);

export interface DecodedFile {
  readonly snapshot: DecodedSnapshot;
  readonly compressed: boolean;
}

/**
 * Decodes a snapshot file.
 * @param maxBytes bound of the JSON
 * @throws SealError; an Error whose message completes "the file …" and is safe to print; the signal's reason
 */
export async function decodeFile(
  id: string,
  sealed: Uint8Array,
  key: Key,
  maxBytes: number,
  signal: AbortSignal,
): Promise<DecodedFile> {
  const small = unpackSmall(sealed, key, maxBytes);
  if (!small) return oneLarge(() => decodeLarge(id, sealed, key, maxBytes), signal);
  return { snapshot: decodeSnapshot(id, small.json), compressed: small.compressed };
}

/** undefined: the file is large. */
function unpackSmall(sealed: Uint8Array, key: Key, maxBytes: number): Unpacked | undefined {
  if (sealed.length > LARGE_BYTES) return undefined;
  const plain = key.open(sealed);
  try {
    return unpack(plain, Math.min(LARGE_BYTES, maxBytes));
  } catch (error) {
    if (error instanceof BoundError && maxBytes > LARGE_BYTES) return undefined;
    throw error;
  }
}

async function decodeLarge(
  id: string,
  sealed: Uint8Array,
  key: Key,
  maxBytes: number,
): Promise<DecodedFile> {
  await nextTurn();
  const plain = await inSteps(key.openInSteps(sealed));
  await nextTurn();
  const { json, compressed } = unpack(plain, maxBytes);
  await nextTurn();
  checkBounds(json);
  await nextTurn();
  const object = parseChecked(json);
  await nextTurn();
  const snapshot = snapshotOf(id, object);
  const { details } = snapshot;
  const groups = await groupsInSteps(details?.paths ?? [], details?.tags ?? []);
  await nextTurn();
  return { snapshot: { ...snapshot, details: details && { ...details, groups } }, compressed };
}
