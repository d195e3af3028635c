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
const waiting = new WeakMap<EventTarget, (() => void)[]>();

/**
 * Calls `abort` if the signal is aborted later. Thousands of requests share a signal, which has one listener for all of them.
 * @returns takes it back
 */
export function whenAborted(signal: AbortSignal, abort: () => void): () => void {
  const calls = waiting.get(signal) ?? [];
  if (calls.length === 0) {
    waiting.set(signal, calls);
    signal.addEventListener("abort", callAll, { once: true });
  }
  calls.push(abort);
  return () => {
    const index = calls.indexOf(abort);
    if (index >= 0) calls.splice(index, 1);
    // A listener keeps a signal of AbortSignal.any() in memory for as long as its sources are there.
    if (calls.length === 0) signal.removeEventListener("abort", callAll);
  };
}

function callAll({ target }: Event): void {
  const calls = (target && waiting.get(target)) ?? [];
  calls.slice().forEach((call) => call());
}
