import { hash } from "node:crypto";

import { AgentError } from "../../core/error.ts";
import type { Backend, FileType } from "../../backends/backend.ts";

/**
 * A file that is named by the SHA-256 of its bytes. One that does not match is loaded once more: the transfer may have been at fault.
 * @returns the verified bytes, or undefined if they do not match their name
 * @throws AgentError of the backend
 */
export async function loadVerified(
  backend: Backend,
  type: FileType,
  id: string,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  for (let attempt = 0; attempt < 2; attempt++) {
    const stored = await backend.load(type, id, signal);
    if (isNamed(stored, id)) return stored;
  }
  return undefined;
}

/** Whether these are the bytes that have this name. */
export function isNamed(stored: Uint8Array, id: string): boolean {
  return hash("sha256", stored, "hex") === id;
}

/** True if a call failed because there is nothing (any more). */
export function isNotFound(error: unknown): boolean {
  return error instanceof AgentError && error.code === "not_found";
}

/** True for a failure that says something of this one file alone: it is over its bound. */
export function isCorrupt(error: unknown): error is AgentError {
  return error instanceof AgentError && error.code === "corrupt";
}
