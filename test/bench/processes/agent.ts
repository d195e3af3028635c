import { run, script } from "../measure.ts";

/** One collection of the agent. */
export interface Collection {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** The longest pause of the event loop; 0 without the option `pauses`. */
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
  /** Default: that of the agent. */
  readonly connections?: number;
  /** Default: none. */
  readonly stateDir?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Measure pauses of the event loop. It takes 5 % of the CPU time. */
  readonly pauses?: boolean;
}

/** Measures two collections of the built agent in one process of its own, without the start of the process. */
export async function collect(
  options: CollectOptions,
): Promise<readonly [first: Collection, second: Collection]> {
  const settings = JSON.stringify({ environment: {}, ...options });
  const { stdout } = await run(process.execPath, [...script("processes/collect"), settings]);
  const collections: readonly [Collection, Collection] = JSON.parse(stdout);
  return collections;
}
