/** Awaits work that ends when the signal is aborted: its result, or undefined if the abort ended it. */
export async function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** Awaits work that ignores the signals. The first abort rejects with its reason; the work continues. */
export async function waitFor<T>(work: Promise<T>, ...signals: readonly AbortSignal[]): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const settled = new AbortController();
  for (const signal of signals) {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true, signal: settled.signal });
  }
  try {
    return await Promise.race([aborted, work]);
  } finally {
    settled.abort();
  }
}

/** By signal, the calls at its abort. */
const waiting = new WeakMap<EventTarget, Set<() => void>>();

/**
 * Calls `abort` if the signal is aborted later. Thousands of requests share a signal, which has one listener for all of them.
 * @param abort must not be waiting for this signal already
 * @returns takes it back
 */
export function whenAborted(signal: AbortSignal, abort: () => void): () => void {
  const calls = waiting.get(signal) ?? new Set();
  if (calls.size === 0) {
    waiting.set(signal, calls);
    signal.addEventListener("abort", callAll, { once: true });
  }
  calls.add(abort);
  return () => {
    calls.delete(abort);
    // A listener keeps a signal of AbortSignal.any() in memory for as long as its sources are there.
    if (calls.size === 0) signal.removeEventListener("abort", callAll);
  };
}

function callAll({ target }: Event): void {
  if (target) waiting.get(target)?.forEach((call) => call());
}
