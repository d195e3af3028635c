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
