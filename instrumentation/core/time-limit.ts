import type { Clock } from "./clock.ts";

/** Runs something that heeds a signal, for `ms` at the most. @throws `late` if that was too long */
export async function withTimeLimit<T>(
  ms: number,
  late: Error,
  clock: Clock,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const ended = new AbortController();
  clock.sleep(ms, ended.signal).then(
    () => limit.abort(late),
    () => {},
  );
  try {
    return await run(limit.signal);
  } finally {
    ended.abort();
  }
}
