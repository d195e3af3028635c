import { constants, open, rename, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

import { AgentError } from "../../core/error.ts";

/** Without O_NONBLOCK the call would wait for a writer of a FIFO. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Opens a file of the state folder for reading; undefined: there is none.
 * @throws AgentError `config` if it is a link, a FIFO, a device or a folder
 */
export async function openOwnFile(path: string): Promise<FileHandle | undefined> {
  let file;
  try {
    file = await open(path, FLAGS);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") return undefined;
    // ENXIO: a socket.
    if (code === "ELOOP" || code === "ENXIO") throw refusal(path, error);
    throw error;
  }
  const isFile = await file.stat().then((found) => found.isFile());
  if (isFile) return file;
  await file.close();
  throw refusal(path);
}

/**
 * The text of a file of the state folder; undefined: there is none.
 * @param usedAt becomes the time of last use of the file, milliseconds since the epoch
 * @throws AgentError as `openOwnFile`, Error if the file exceeds its bound
 */
export async function readOwnFile(
  path: string,
  maxBytes: number,
  usedAt?: number,
): Promise<string | undefined> {
  const file = await openOwnFile(path);
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    if (size > maxBytes) throw new Error(`${path} has ${size} bytes: remove it`);
    if (usedAt !== undefined) await file.utimes(usedAt / 1000, usedAt / 1000);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

/** Replaces a file of the state folder at once: a reader sees the old one or the new one. */
export async function writeOwnFile(path: string, text: string): Promise<void> {
  const fresh = `${path}.new`;
  await rm(fresh, { force: true });
  const file = await open(fresh, "wx", 0o600);
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
  await rename(fresh, path);
}

function refusal(path: string, cause?: unknown): AgentError {
  return new AgentError("config", `${path} is not a regular file: remove it`, { cause });
}
