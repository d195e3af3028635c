import { parentPort } from "node:worker_threads";

import { compareSync } from "bcryptjs";

/** A password and the hash to compare it with. */
export interface Comparison {
  readonly password: string;
  readonly hash: string;
}

// Synchronous, one at a time: a comparison occupies a core for tens of milliseconds. The results are in the order of the messages.
parentPort?.on("message", ({ password, hash }: Comparison) => {
  parentPort?.postMessage(compareSync(password, hash));
});
