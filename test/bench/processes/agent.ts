import { run, script } from "../measure.ts";

/** One collection of the agent. */
export interface Collection {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** The longest time for which nothing else could run; 0 if it was not looked for. */
  readonly pauseMs: number;
  readonly requests: number;
  readonly receivedBytes: number;
  readonly keyDerivations: number;
  readonly snapshots: number;
  readonly peakBytes: number;
}

export interface CollectOptions {
  readonly urls: readonly string[];
  readonly password: string;
  /** Default: the agent's own. */
  readonly connections?: number;
  /** Default: nothing is kept. */
  readonly stateDir?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Looks for pauses, a thousand times a second: that takes a twentieth of all time. */
  readonly pauses?: boolean;
}

/** A first and a second collection of the built agent in a process of its own. Its start is not counted: it runs on. */
export async function collect(
  options: CollectOptions,
): Promise<readonly [first: Collection, second: Collection]> {
  const settings = JSON.stringify({ environment: {}, ...options });
  const { stdout } = await run(process.execPath, [...script("collect"), settings]);
  const collections: readonly [Collection, Collection] = JSON.parse(stdout);
  return collections;
}
