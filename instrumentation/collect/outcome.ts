import { toAgentError } from "../core/error.ts";
import type { Logger } from "../core/log.ts";

/** The outcome of a collection of all sources. */
export interface JobOutcome {
  /** Milliseconds since the epoch. */
  readonly finishedAt: number;
  /** Number of sources with an error, also if they have a new state (a damaged snapshot beside good ones). */
  readonly failed: number;
  /** Number of sources. */
  readonly total: number;
}

/** The collector does not wait for a returned promise. Exceptions and rejections are logged. */
export type CollectionHook = (outcome: JobOutcome) => void | Promise<void>;

/** Never rejects. */
export async function callHook(
  hook: CollectionHook | undefined,
  outcome: JobOutcome,
  logger: Logger,
): Promise<void> {
  try {
    await hook?.(outcome);
  } catch (error) {
    logger.error("a collection hook failed", { error: toAgentError(error).message });
  }
}
