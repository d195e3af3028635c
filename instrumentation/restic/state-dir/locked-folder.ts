import { hash } from "node:crypto";
import { createServer } from "node:net";
import type { Server } from "node:net";
import { chmod, lstat, mkdir, readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";

import { AgentError } from "../../core/error.ts";
import { isStaleSocket } from "../../core/stale-socket.ts";

/** State files that were not used for this long are deleted: their repositories are no longer monitored. */
const UNUSED_MS = 90 * 86_400_000;

/** An open folder for the state of repositories, locked against other agents. */
export interface StateFolder {
  /** One file for each URL of a repository: a mirror has the same id. */
  pathOf(repositoryId: string, url: string): string;
  /** The file with the kept key of the repository at a URL. */
  keyPathOf(url: string): string;
  /** The file with the locks of the repository at a URL. */
  locksPathOf(url: string): string;
  /** The file with the slots of expectations. */
  readonly slotsPath: string;
  close(): Promise<void>;
}

/** Name of a file of snapshots, of an inventory, of a key or of locks; `.new` while it is written. */
const STATE_FILE =
  /^(?:(?<key>key)|locks|[0-9a-f]{64})-(?<url>[0-9a-f]{16})(?:\.(?:index|inventory))?(?:\.new)?$/;

/**
 * Creates the folder (0700) if it is missing, and locks it with a listening socket, which ends with its process even after SIGKILL.
 * @param keepsKeys false: kept keys are deleted
 * @param urls of the repositories that are monitored: their files are never deleted
 * @throws AgentError `config` if other users have access, or another agent has locked it
 */
export async function openStateFolder(
  path: string,
  now: number,
  keepsKeys: boolean,
  urls: Iterable<string> = [],
): Promise<StateFolder> {
  const made = await mkdir(path, { recursive: true, mode: 0o700 });
  if (made !== undefined) await chmod(path, 0o700);
  // The path may be a link, as systemd makes one for DynamicUser.
  const found = await stat(path);
  if (!found.isDirectory()) throw refusal(path, "is not a directory");
  if (process.getuid !== undefined && found.uid !== process.getuid())
    throw refusal(path, "belongs to another user");
  if ((found.mode & 0o077) !== 0) throw refusal(path, "is accessible to other users: chmod 700");
  const server = await lock(path);
  await removeUnused(path, now, keepsKeys, new Set([...urls].map(nameOf)));
  return {
    pathOf: (repositoryId, url) => join(path, `${repositoryId}-${nameOf(url)}`),
    keyPathOf: (url) => join(path, `key-${nameOf(url)}`),
    locksPathOf: (url) => join(path, `locks-${nameOf(url)}`),
    slotsPath: join(path, "expectations"),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function nameOf(url: string): string {
  return hash("sha256", url).slice(0, 16);
}

function refusal(path: string, what: string, cause?: unknown): AgentError {
  return new AgentError("config", `the state folder ${path} ${what}`, { cause });
}

async function lock(folder: string): Promise<Server> {
  const path = join(folder, "lock");
  try {
    return await listen(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE"))
      throw refusal(folder, `cannot be locked: ${reason}`, error);
  }
  if (!(await isStaleSocket(path))) throw refusal(folder, "is in use by another agent");
  // The agent that made the socket was killed.
  await unlink(path);
  return listen(path);
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", reject);
    server.listen(path, () => resolve(server.unref()));
  });
}

/** @param inUse names of URLs: the clock may be ahead, or the agent was off for months */
async function removeUnused(
  folder: string,
  now: number,
  keepsKeys: boolean,
  inUse: ReadonlySet<string>,
): Promise<void> {
  for (const name of await readdir(folder)) {
    const { key, url = "" } = STATE_FILE.exec(name)?.groups ?? {};
    if (url === "") continue;
    const path = join(folder, name);
    const isUnwanted = key !== undefined && !keepsKeys;
    const isOld = !inUse.has(url) && now - (await lstat(path)).mtimeMs > UNUSED_MS;
    if (isUnwanted || isOld) await unlink(path);
  }
}
