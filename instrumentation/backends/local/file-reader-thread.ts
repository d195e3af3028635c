import { extname } from "node:path";
import { Worker } from "node:worker_threads";

import type { Read, Wanted } from "./file-reader-worker.ts";

/**
 * Reads many small files in a worker thread. The thread pool of Node.js needs four round trips for each file, which take ten times as
 * long as reading it. The thread starts with the first call, and keeps the process alive only while it reads.
 */
export class FileThread {
  #worker: Worker | undefined;

  /**
   * Reads files; one call at a time. Rejects if the thread cannot be started or has ended.
   * @returns undefined for a file that cannot be read: reading it on its own gives the reason
   */
  read(wanted: Wanted): Promise<Read> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const { promise, resolve, reject } = Promise.withResolvers<Read>();
    const ended = (): void => reject(new Error("the file reader thread has ended"));
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
    // This file and the worker end in .js if they are compiled.
    const file = new URL(`file-reader-worker${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(file, { name: "files" });
    worker.on("error", () => {});
    worker.once("exit", () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    return worker;
  }
}
