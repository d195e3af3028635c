import { join } from "node:path";

import { run } from "./measure.ts";

/** One collection of the agent. */
export interface Collection {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** The longest time for which nothing else could run. */
  readonly pauseMs: number;
  readonly requests: number;
  readonly receivedBytes: number;
  readonly keyDerivations: number;
  readonly snapshots: number;
  readonly peakBytes: number;
}

export interface CollectOptions {
  readonly password: string;
  readonly connections: number;
  /** Empty for none. */
  readonly stateDir: string;
  readonly urls: readonly string[];
}

/** A first and a second collection of the built agent in a process of its own. Its start is not counted: it runs on. */
export async function collect(options: CollectOptions): Promise<readonly Collection[]> {
  const { password, connections, stateDir, urls } = options;
  const script = join(import.meta.dirname, "collect.ts");
  const args = [script, password, String(connections), stateDir, ...urls];
  const { stdout } = await run(process.execPath, args);
  const collections: readonly Collection[] = JSON.parse(stdout);
  return collections;
}
