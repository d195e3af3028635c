import type { Clock } from "../core/clock.ts";
import { AgentError } from "../core/error.ts";
import type { ErrorCode } from "../core/error.ts";

/** With waits of up to 1, 2 and 4 s a call ends within 15 s, unless the server asks for more. */
const MAX_RETRIES = 3;
const FIRST_WAIT_MS = 1000;
const MAX_RETRY_AFTER_MS = 60_000;
/** Tries of failures that are believed earlier: three time-outs of 60 s are three minutes without a byte, and a missing folder is often one. */
const MAX_TRIES = 3;
const BELIEVED: ReadonlySet<ErrorCode> = new Set(["timeout", "not_found"]);

/** Called before the wait for a retry. */
export type OnRetry = (error: AgentError, waitMs: number) => void;

/**
 * Repeats a call that fails with a transient error: exponential backoff with jitter, or the server's `Retry-After`.
 * @throws the last error of the call, also if the signal is aborted during a wait
 */
export async function retry<T>(
  call: () => Promise<T>,
  clock: Clock,
  signal: AbortSignal,
  maxRetries = MAX_RETRIES,
  onRetry: OnRetry = () => {},
): Promise<T> {
  let believed = 0;
  for (let retries = 0; ; retries++) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof AgentError) || !error.transient || signal.aborted) throw error;
      if (BELIEVED.has(error.code)) believed += 1;
      if (retries === maxRetries || believed === MAX_TRIES) throw error;
      const backoffMs = FIRST_WAIT_MS * 2 ** retries * (0.5 + Math.random() / 2);
      // Retry-After: 0 must not cause retries without a pause.
      const waitMs = Math.max(error.retryAfterMs ?? 0, backoffMs);
      if (waitMs > MAX_RETRY_AFTER_MS) throw error;
      onRetry(error, waitMs);
      await clock.sleep(waitMs, signal).catch(() => {
        throw error;
      });
    }
  }
}
