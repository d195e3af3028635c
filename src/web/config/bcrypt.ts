import { extname } from "node:path";
import { Worker } from "node:worker_threads";

import type { Comparison } from "./bcrypt-worker.ts";

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
  /** In the order of the calls, which is that of the results. */
  const pending: ((matches: boolean | undefined) => void)[] = [];
  let worker: Worker | undefined;

  function start(): Worker {
    // The extension is .ts in the sources and .js after compilation.
    const file = new URL(`bcrypt-worker${extname(import.meta.url)}`, import.meta.url);
    const started = new Worker(file, { name: "bcrypt" });
    started.unref();
    started.on("message", (matches: boolean) => pending.shift()?.(matches));
    started.on("error", () => {});
    started.on("exit", () => {
      worker = undefined;
      for (const settle of pending.splice(0)) settle(undefined);
    });
    return started;
  }

  return {
    async compare(password, hash) {
      if (pending.length >= MAX_PENDING) return undefined;
      worker ??= start();
      const { promise, resolve } = Promise.withResolvers<boolean | undefined>();
      pending.push(resolve);
      const comparison: Comparison = { password, hash };
      worker.postMessage(comparison);
      return promise;
    },
    async stop() {
      await worker?.terminate();
    },
  };
}
