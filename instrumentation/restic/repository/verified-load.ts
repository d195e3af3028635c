import { hash } from "node:crypto";

import { AgentError } from "../../core/error.ts";
import type { Backend, FileType } from "../../backends/backend.ts";

/**
 * Loads a file whose name is the SHA-256 of its bytes, twice if the first transfer does not match.
 * @returns the verified bytes; undefined: they do not match the name
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

/** Whether the name is the SHA-256 of the bytes. */
export function isNamed(stored: Uint8Array, id: string): boolean {
  return hash("sha256", stored, "hex") === id;
}

/** True if a call failed because the file or folder is missing. */
export function isNotFound(error: unknown): boolean {
  return error instanceof AgentError && error.code === "not_found";
}

/** True if a call failed because of the file itself: it exceeds its bound. */
export function isCorrupt(error: unknown): error is AgentError {
  return error instanceof AgentError && error.code === "corrupt";
}
