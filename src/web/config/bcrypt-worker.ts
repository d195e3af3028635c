import { parentPort } from "node:worker_threads";

import { compareSync } from "bcryptjs";

/** A password and a hash to hold it against. */
export interface Comparison {
  readonly id: number;
  readonly password: string;
  readonly hash: string;
}

/** Whether it fits. */
export interface Compared {
  readonly id: number;
  readonly fits: boolean;
}

// One at a time: a comparison takes tens of milliseconds of a whole core.
parentPort?.on("message", ({ id, password, hash }: Comparison) => {
  const compared: Compared = { id, fits: compareSync(password, hash) };
  parentPort?.postMessage(compared);
});
