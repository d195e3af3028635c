/** No known name is longer. */
const MAX_LENGTH = 64;

/** The known name closest to a misspelt one; undefined if none is close. */
export function nearest(unknown: string, known: readonly string[]): string | undefined {
  // Takes time in proportion to the length.
  if (unknown.length > MAX_LENGTH) return undefined;
  const distances = known.map(
    (name) => [distance(unknown.toLowerCase(), name.toLowerCase()), name] as const,
  );
  const [best] = distances.toSorted(([a], [b]) => a - b);
  return best && best[0] <= Math.max(1, Math.floor(unknown.length / 3)) ? best[1] : undefined;
}

/** Levenshtein distance. */
export function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1]);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
