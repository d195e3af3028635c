import { AgentError } from "restic-otel-instrumentation/internal";
import type { Clock } from "restic-otel-instrumentation/internal";

/**
 * Runs something that heeds a signal, for `ms` at the most.
 * @throws AgentError `timeout` if that was too long
 */
export async function withTimeLimit(
  ms: number,
  what: string,
  clock: Clock,
  run: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const ended = new AbortController();
  const late = new AbortController();
  clock.sleep(ms, ended.signal).then(
    () => late.abort(new AgentError("timeout", `${what}: not accepted within ${ms / 1000} s`)),
    () => {},
  );
  try {
    await run(late.signal);
  } finally {
    ended.abort();
  }
}
