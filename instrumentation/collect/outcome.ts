import { toAgentError } from "../core/error.ts";
import type { Logger } from "../core/log.ts";

/** How a whole collection went. */
export interface JobOutcome {
  /** Milliseconds since the epoch. */
  readonly finishedAt: number;
  /** Sources with an error, a partial one too. */
  readonly failed: number;
  readonly total: number;
}

/** Nobody waits for it, and what it throws is logged. */
export type CollectionHook = (outcome: JobOutcome) => void | Promise<void>;

export async function announce(
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
