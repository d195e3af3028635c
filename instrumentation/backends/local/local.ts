import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";

import { AgentError } from "../../core/error.ts";
import { limit } from "../../core/limit.ts";
import { listedFiles, pathOf } from "../backend.ts";
import type { Backend, FileType, ListedFile, ListOptions } from "../backend.ts";
import type { BackendContext } from "../context.ts";
import { listPacks } from "../pack-folders.ts";
import type { Read } from "./file-reader-worker.ts";
import { FileThread } from "./file-reader-thread.ts";
import { namesIn, withSizes } from "./folder.ts";
import type { LocalLocation } from "./location.ts";

/** Node.js has four threads for file operations, and a hanging mount blocks one of them for good. */
const operations = limit(2);

const IDLE_MS = 30_000;

/** Up to this many snapshots are read without the reader thread. */
const FEW = 200;

/** Snapshot files in one request to the reader thread: a few milliseconds, or seconds on a slow disk. */
const BATCH = 64;

/** Files whose sizes are read within one time limit. */
const SIZES = 256;

/** Files that were requested in one turn of the event loop. */
interface Batch {
  readonly signal: AbortSignal;
  readonly paths: string[];
  readonly files: Promise<Read>;
}

/** A local directory. File operations cannot be aborted: after one that hangs, all calls fail until it returns. */
export function openLocal(
  { path: root }: LocalLocation,
  { clock, maxSizeBytes }: Pick<BackendContext, "clock" | "maxSizeBytes">,
): Backend {
  const own = limit(1);
  const thread = new FileThread();
  let loaded = 0;
  let batch: Batch | undefined;
  let stuck: string | undefined;

  async function bounded<T>(what: string, call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (stuck !== undefined) {
      throw new AgentError("timeout", `${stuck} hangs; not reading anything else until it returns`);
    }
    const settled = new AbortController();
    const running = call();
    const expired = clock.sleep(IDLE_MS, AbortSignal.any([signal, settled.signal])).then(() => {
      throw new AgentError("timeout", `${what} takes longer than ${IDLE_MS / 1000} s`);
    });
    const first = Promise.race([running, expired]);
    // After Promise.race, so that its outcome is settled before the sleep is aborted.
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

  /** undefined: read the file on its own, to get its content or its failure. */
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
      const wanted = { paths, maxBytes: maxSizeBytes.snapshots };
      // In a bundled program the worker's file is missing: each snapshot is read on its own.
      return run(what, () => thread.read(wanted).catch((): Read => []), signal);
    });
    const begun = { signal, paths, files };
    return begun;
  }

  function readNames(
    folder: string,
    type: FileType,
    kind: "files" | "folders",
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    return run(`reading the directory ${folder}`, () => namesIn(folder, type, kind), signal);
  }

  async function filesIn(
    folder: string,
    type: FileType,
    { prefix = "", sizes = false }: ListOptions,
    signal: AbortSignal,
  ): Promise<readonly ListedFile[]> {
    const all = await readNames(folder, type, "files", signal);
    if (!sizes) return all.map((name) => ({ name, size: undefined }));
    const asked = all.filter((name) => name.startsWith(prefix));
    const found: ListedFile[] = [];
    for (let at = 0; at < asked.length; at += SIZES) {
      const some = asked.slice(at, at + SIZES);
      const what = `reading the size of ${join(folder, some[0] ?? "")} and ${some.length - 1} more`;
      found.push(...(await run(what, () => withSizes(folder, some), signal)));
    }
    return found;
  }

  return {
    location: root,
    connections: BATCH,
    slices: true,
    async list(type, from, signal, options = {}) {
      const folder = join(root, type);
      if (type !== "data") {
        const found = await filesIn(folder, type, options, signal);
        return { ...listedFiles(found, options), next: undefined, receivedBytes: 0 };
      }
      const folders = await readNames(folder, type, "folders", signal);
      const list = async (name: string) => ({
        files: await filesIn(join(folder, name), type, options, signal),
        receivedBytes: 0,
      });
      return listPacks({ folders, list, from, options });
    },
    async load(type, name, signal) {
      const path = join(root, pathOf(type, name));
      if (type === "snapshots" && ++loaded > FEW) {
        const bytes = await readInBatch(path, signal);
        if (bytes) return bytes;
      }
      return run(`reading ${path}`, () => read(path, maxSizeBytes[type]), signal);
    },
    async close() {
      loaded = 0;
      thread.stop();
    },
  };
}

/** Reads a regular file up to its bound. O_NONBLOCK: opening a pipe does not block. */
async function read(path: string, maxBytes: number): Promise<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new AgentError("corrupt", `${path} is not a regular file`);
    if (stat.size > maxBytes) {
      throw new AgentError(
        "corrupt",
        `${path} has ${stat.size} bytes, more than the allowed ${maxBytes}`,
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
      return new AgentError("not_found", `${what}: no such file or directory`, options);
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
