import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";

import type { Clock } from "../../core/clock.ts";
import { AgentError } from "../../core/error.ts";
import { limit } from "../../core/limit.ts";
import { MAX_SIZE_BYTES } from "../backend.ts";
import type { Backend, FileType } from "../backend.ts";
import type { Read } from "./file-reader-worker.ts";
import { FileThread } from "./file-reader-thread.ts";
import type { LocalLocation } from "./location.ts";

/** The thread pool has four threads, and a mount that hangs keeps one for good. */
const operations = limit(2);

const IDLE_MS = 30_000;

/** So many snapshots are read without starting a thread for them. */
const FEW = 200;

/** Snapshot files that are asked for at once and read in one go: a few milliseconds, or seconds of a slow disk. */
const BATCH = 64;

/** Files that were asked for in one turn. */
interface Batch {
  readonly signal: AbortSignal;
  readonly paths: string[];
  readonly files: Promise<Read>;
}

/** A directory of this machine. Its calls cannot be aborted: one that hangs is left behind, and the next is refused until it came back. */
export function openLocal({ path: root }: LocalLocation, clock: Clock, idleMs = IDLE_MS): Backend {
  const own = limit(1);
  const thread = new FileThread();
  let loaded = 0;
  let batch: Batch | undefined;
  let stuck: string | undefined;

  async function bounded<T>(what: string, call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (stuck !== undefined) {
      throw new AgentError("timeout", `${stuck} has not come back, nothing else is tried before`);
    }
    const settled = new AbortController();
    const running = call();
    const expired = clock.sleep(idleMs, AbortSignal.any([signal, settled.signal])).then(() => {
      throw new AgentError("timeout", `${what} takes longer than ${idleMs / 1000} s`);
    });
    const first = Promise.race([running, expired]);
    // After the race: its outcome must be there before the sleep is told to end.
    const settle = (): void => settled.abort();
    void running.then(settle, settle);
    try {
      return await first;
    } finally {
      if (!settled.signal.aborted) {
        stuck = what;
        settled.signal.addEventListener("abort", () => (stuck = undefined));
      }
    }
  }

  async function run<T>(what: string, call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await own(() => operations(() => bounded(what, call, signal), signal), signal);
    } catch (error) {
      throw fileError(error, what);
    }
  }

  /** Undefined for what must be read, or fail, on its own. */
  async function readInBatch(path: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    if (batch?.signal !== signal || batch.paths.length >= BATCH) batch = begin(signal);
    const { paths, files } = batch;
    const index = paths.push(path) - 1;
    return (await files)[index];
  }

  function begin(signal: AbortSignal): Batch {
    const paths: string[] = [];
    const files = new Promise((resolve) => setImmediate(resolve)).then(() => {
      if (batch === begun) batch = undefined;
      const what = `reading ${paths[0] ?? ""} and ${paths.length - 1} more`;
      const wanted = { paths, maxBytes: MAX_SIZE_BYTES.snapshots };
      // Where no thread is to be had, as in a program that was packed into one file, each is read on its own.
      return run(what, () => thread.read(wanted).catch((): Read => []), signal);
    });
    const begun = { signal, paths, files };
    return begun;
  }

  return {
    location: root,
    connections: BATCH,
    async list(type, _from, signal) {
      const folder = join(root, type);
      const what = `reading the directory ${folder}`;
      const names = await run(what, () => filesIn(folder), signal);
      return { names, next: undefined, receivedBytes: 0 };
    },
    async load(type, name, signal) {
      const path = type === "config" ? join(root, "config") : join(root, type, name);
      if (type === "snapshots" && ++loaded > FEW) {
        const bytes = await readInBatch(path, signal);
        if (bytes) return bytes;
      }
      return run(`reading ${path}`, () => read(path, type), signal);
    },
    async close() {
      loaded = 0;
      thread.stop();
    },
  };
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
}

/** Whatever lies there: a pipe does not block, a device is not read, and a file over its bound is not begun. */
async function read(path: string, type: FileType): Promise<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new AgentError("corrupt", `${path} is no file`);
    if (stat.size > MAX_SIZE_BYTES[type]) {
      throw new AgentError(
        "corrupt",
        `${path} has ${stat.size} bytes, more than the ${MAX_SIZE_BYTES[type]} that are read`,
      );
    }
    const bytes = Buffer.alloc(stat.size);
    let length = 0;
    while (length < stat.size) {
      const { bytesRead } = await file.read(bytes, length, stat.size - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } finally {
    await file.close();
  }
}

function fileError(thrown: unknown, what: string): unknown {
  if (thrown instanceof AgentError || !(thrown instanceof Error) || !("code" in thrown))
    return thrown;
  const options = { cause: thrown };
  switch (thrown.code) {
    case "ENOENT":
    case "ENOTDIR":
      return new AgentError("not_found", `${what}: it is not there`, options);
    case "EACCES":
    case "EPERM":
      return new AgentError("denied", `${what}: permission denied`, options);
    case "ESTALE":
    case "EIO":
    case "ETIMEDOUT":
    case "EHOSTDOWN":
      return new AgentError("unreachable", `${what}: ${thrown.code}`, {
        ...options,
        transient: true,
      });
    default:
      return new AgentError("other", `${what}: ${String(thrown.code)}`, options);
  }
}
