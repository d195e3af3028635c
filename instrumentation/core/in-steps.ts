import { setImmediate as nextTurn } from "node:timers/promises";

/** Entries of a long list between two turns of the event loop: some milliseconds. */
const AT_ONCE = 5000;

/** Lets other work have its turn if a list is long. */
export async function turnIfLong(length: number): Promise<void> {
  if (length > AT_ONCE) await nextTurn();
}

/** Runs a function whose steps take some milliseconds each. Other work has its turn between them. @throws the signal's reason */
export async function inSteps<T>(steps: Iterator<void, T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await nextTurn();
    signal?.throwIfAborted();
  }
}

/** Runs all steps of a function without a turn for other work. */
export function atOnce<T>(steps: Iterator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Calls `each` with the parts of a list. Other work has its turn between them. */
export async function forParts<T>(
  list: readonly T[],
  each: (part: readonly T[]) => void,
): Promise<void> {
  for (let from = 0; from < list.length; from += AT_ONCE) {
    if (from > 0) await nextTurn();
    each(list.length > AT_ONCE ? list.slice(from, from + AT_ONCE) : list);
  }
}

/** As `toSorted()`. Other work has its turn between steps. */
export async function sortedInSteps(list: readonly string[]): Promise<readonly string[]> {
  let sorted: (readonly string[])[] = [];
  await forParts(list, (part) => void sorted.push(part.toSorted()));
  while (sorted.length > 1) {
    const merged: (readonly string[])[] = [];
    for (let index = 0; index < sorted.length; index += 2)
      merged.push(await merge(sorted[index] ?? [], sorted[index + 1] ?? []));
    sorted = merged;
  }
  return sorted[0] ?? [];
}

/** Two sorted lists as one. */
async function merge(a: readonly string[], b: readonly string[]): Promise<readonly string[]> {
  const merged: string[] = [];
  let at = 0;
  for (const [index, one] of a.entries()) {
    for (let other = b[at]; other !== undefined && other < one; other = b[++at]) merged.push(other);
    merged.push(one);
    if (index % AT_ONCE === 0) await nextTurn();
  }
  return merged.concat(b.slice(at));
}
