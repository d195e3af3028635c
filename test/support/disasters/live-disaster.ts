import type { RunningAgent } from "../agent/agent.ts";
import type { LiveScene } from "./live-scene.ts";
import type { Backup } from "./repository-on-disk.ts";

/** A disaster that really takes its time, in a repository of its own beside others. */
export interface LiveDisaster {
  /** The name of the disaster that is played to the installed agent in another time too: the same alerts fire. */
  readonly name: string;
  /** Backups that are made regularly, also before. */
  readonly jobs: readonly Backup[];
  /** Entries of `expect`. A name is that of no other live disaster. */
  readonly expect: readonly { readonly name: string; readonly [key: string]: unknown }[];
  /** Default: it is so from the beginning. */
  readonly strike?: (scene: LiveScene, agent: LiveAgent) => Promise<void>;
  readonly repair: (scene: LiveScene, agent: LiveAgent) => Promise<void>;
}

/** The one agent of all scenes. */
export interface LiveAgent {
  readonly url: string;
  /** Starts it at the address that it had. */
  start(): Promise<void>;
  /** Ends it as a lack of memory does. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** Collects. */
  collect(): ReturnType<RunningAgent["collect"]>;
}
