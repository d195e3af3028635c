import { extname } from "node:path";
import { Worker } from "node:worker_threads";

import type { Compared, Comparison } from "./bcrypt-worker.ts";

/** Compares passwords with bcrypt hashes, off the event loop and off the thread pool. */
export interface Bcrypt {
  /** @returns undefined if too many comparisons are waiting */
  compare(password: string, hash: string): Promise<boolean | undefined>;
  stop(): Promise<void>;
}

/** At cost 10 they are done within some seconds; who comes later is better told so. */
const WAITING = 100;

/** The thread starts with the first comparison, compares one at a time, and does not hold the process. */
export function openBcrypt(): Bcrypt {
  const waiting = new Map<number, (fits: boolean | undefined) => void>();
  let worker: Worker | undefined;
  let lastId = 0;

  function start(): Worker {
    // Compiled, this file and the worker end in .js.
    const file = new URL(`bcrypt-worker${extname(import.meta.url)}`, import.meta.url);
    const started = new Worker(file, { name: "bcrypt" });
    started.unref();
    started.on("message", ({ id, fits }: Compared) => settle(id, fits));
    started.on("error", () => {});
    started.on("exit", () => {
      worker = undefined;
      for (const id of waiting.keys()) settle(id, undefined);
    });
    return started;
  }

  function settle(id: number, fits: boolean | undefined): void {
    waiting.get(id)?.(fits);
    waiting.delete(id);
  }

  return {
    async compare(password, hash) {
      if (waiting.size >= WAITING) return undefined;
      worker ??= start();
      const id = ++lastId;
      const { promise, resolve } = Promise.withResolvers<boolean | undefined>();
      waiting.set(id, resolve);
      const comparison: Comparison = { id, password, hash };
      worker.postMessage(comparison);
      return promise;
    },
    async stop() {
      await worker?.terminate();
    },
  };
}
