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

/** By signal, what to call when it is aborted. */
const waiting = new WeakMap<AbortSignal, (() => void)[]>();

/**
 * Calls `abort` if the signal is aborted later. Thousands of requests share a signal, which has one listener for all of them.
 * @returns takes it back
 */
export function whenAborted(signal: AbortSignal, abort: () => void): () => void {
  const calls = waiting.get(signal) ?? listen(signal);
  calls.push(abort);
  return () => void calls.splice(calls.indexOf(abort), 1);
}

function listen(signal: AbortSignal): (() => void)[] {
  const calls: (() => void)[] = [];
  waiting.set(signal, calls);
  const abort = (): void => calls.slice().forEach((call) => call());
  signal.addEventListener("abort", abort, { once: true });
  return calls;
}
