import { parentPort } from "node:worker_threads";

import { compareSync } from "bcryptjs";

/** A password and the hash to compare it with. */
export interface Comparison {
  readonly id: number;
  readonly password: string;
  readonly hash: string;
}

export interface ComparisonResult {
  readonly id: number;
  readonly matches: boolean;
}

// Synchronous, one at a time: a comparison occupies a core for tens of milliseconds.
parentPort?.on("message", ({ id, password, hash }: Comparison) => {
  const result: ComparisonResult = { id, matches: compareSync(password, hash) };
  parentPort?.postMessage(result);
});
