/** No known name is longer. */
const MAX_LENGTH = 64;

/** The known name closest to a misspelt one; undefined if none is close. */
export function nearest(unknown: string, known: readonly string[]): string | undefined {
  if (unknown.length > MAX_LENGTH) return undefined;
  const own = unknown.toLowerCase();
  let best: string | undefined;
  let limit = Math.max(1, Math.floor(unknown.length / 3));
  for (const name of known) {
    const changes = distance(own, name.toLowerCase(), limit);
    if (changes > limit) continue;
    best = name;
    // A name that is as close as an earlier one is not better.
    limit = changes - 1;
  }
  return best;
}

/** Levenshtein distance; Infinity if it is above the limit. */
export function distance(a: string, b: string, limit = Infinity): number {
  if (Math.abs(a.length - b.length) > limit) return Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1]);
      const changes = Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
      next.push(changes);
      least = Math.min(least, changes);
    }
    // No later row has a smaller number.
    if (least > limit) return Infinity;
    row = next;
  }
  const changes = row[b.length] ?? 0;
  return changes > limit ? Infinity : changes;
}
