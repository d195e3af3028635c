import type { Clock } from "./clock.ts";

/** Runs work that ends when its signal is aborted, and aborts it after `ms`. @throws `late` if the time is over */
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
