import { extname } from "node:path";
import { Worker } from "node:worker_threads";

import type { Read, Wanted } from "./file-reader-worker.ts";

/**
 * Reads many small files without the thread pool: there each takes four turns, with a wake-up of a thread for each, which costs
 * ten times as much as the file. The thread starts with the first files, and holds the process only while it reads.
 */
export class FileThread {
  #worker: Worker | undefined;

  /**
   * One call at a time. Files that cannot be read, for whatever reason, are undefined; why is found out by reading them otherwise.
   * Rejects if there is no thread to be had, or it has ended.
   */
  read(wanted: Wanted): Promise<Read> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const { promise, resolve, reject } = Promise.withResolvers<Read>();
    const ended = (): void => reject(new Error("the thread that reads files has ended"));
    worker.once("exit", ended);
    worker.once("message", (files: Read) => {
      worker.off("exit", ended);
      worker.unref();
      resolve(files);
    });
    worker.ref();
    worker.postMessage(wanted);
    return promise;
  }

  /** Does not wait for a read that hangs. */
  stop(): void {
    void this.#worker?.terminate();
    this.#worker = undefined;
  }

  #start(): Worker {
    // Compiled, this file and the worker end in .js.
    const file = new URL(`file-reader-worker${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(file, { name: "files" });
    worker.on("error", () => {});
    worker.once("exit", () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    return worker;
  }
}
