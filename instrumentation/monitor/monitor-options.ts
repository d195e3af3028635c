import type { CollectionHook } from "../collect/outcome.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import type { StartSpan } from "../core/source.ts";
import type { Extensions } from "./extensions.ts";

export interface MonitorOptions extends Extensions {
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Proxy variables, restic's variables and those of storage providers. Default: the process environment. */
  readonly processEnvironment?: Readonly<Record<string, string | undefined>>;
  /** Called when a collection has finished and its results are in the store. */
  readonly onCollection?: CollectionHook | undefined;
  /** Called when a key derivation begins: for half a second a thread of the pool works, and the main thread is idle. */
  readonly onKeyDerivation?: (() => void) | undefined;
  /** Called for each attempt to collect a repository. */
  readonly startSpan?: StartSpan | undefined;
}
