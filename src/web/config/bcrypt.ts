import { extname } from "node:path";
import { Worker } from "node:worker_threads";

import type { Comparison, ComparisonResult } from "./bcrypt-worker.ts";

/** Compares passwords with bcrypt hashes in a worker thread, off the event loop and the thread pool. */
export interface Bcrypt {
  /** @returns undefined: not compared, since too many comparisons are pending or the thread has ended */
  compare(password: string, hash: string): Promise<boolean | undefined>;
  stop(): Promise<void>;
}

/** At cost 10 these comparisons take some seconds: reject further ones. */
const MAX_PENDING = 100;

/** The thread starts with the first comparison, and does not keep the process alive. */
export function openBcrypt(): Bcrypt {
  const pending = new Map<number, (matches: boolean | undefined) => void>();
  let worker: Worker | undefined;
  let lastId = 0;

  function start(): Worker {
    // The extension is .ts in the sources and .js after compilation.
    const file = new URL(`bcrypt-worker${extname(import.meta.url)}`, import.meta.url);
    const started = new Worker(file, { name: "bcrypt" });
    started.unref();
    started.on("message", ({ id, matches }: ComparisonResult) => settle(id, matches));
    started.on("error", () => {});
    started.on("exit", () => {
      worker = undefined;
      for (const id of pending.keys()) settle(id, undefined);
    });
    return started;
  }

  function settle(id: number, matches: boolean | undefined): void {
    pending.get(id)?.(matches);
    pending.delete(id);
  }

  return {
    async compare(password, hash) {
      if (pending.size >= MAX_PENDING) return undefined;
      worker ??= start();
      const id = ++lastId;
      const { promise, resolve } = Promise.withResolvers<boolean | undefined>();
      pending.set(id, resolve);
      const comparison: Comparison = { id, password, hash };
      worker.postMessage(comparison);
      return promise;
    },
    async stop() {
      await worker?.terminate();
    },
  };
}
