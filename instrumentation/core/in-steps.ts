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

/** The parts of a list that take some milliseconds each. */
export function* partsOf<T>(list: readonly T[]): Generator<readonly T[]> {
  if (list.length <= AT_ONCE) yield list;
  else
    for (let from = 0; from < list.length; from += AT_ONCE) yield list.slice(from, from + AT_ONCE);
}

/** Calls `each` with the parts of a list. Other work has its turn between them. */
export async function forParts<T>(
  list: readonly T[],
  each: (part: readonly T[]) => void,
): Promise<void> {
  let isFirst = true;
  for (const part of partsOf(list)) {
    if (!isFirst) await nextTurn();
    isFirst = false;
    each(part);
  }
}

/** As `toSorted()`. Other work has its turn between steps. */
export function sortedInSteps(list: readonly string[]): Promise<readonly string[]> {
  return inSteps(sortSteps(list, byText));
}

/** The order of `toSorted()`. */
export function byText(a: string, b: string): number {
  return Number(a > b) - Number(a < b);
}

/** As `toSorted()`, in steps. */
export function* sortSteps<T>(
  list: readonly T[],
  compare: (a: T, b: T) => number,
): Generator<void, readonly T[]> {
  if (list.length <= AT_ONCE) return list.toSorted(compare);
  // Two sorted halves become one.
  const half = list.length >> 1;
  const a = yield* sortSteps(list.slice(0, half), compare);
  yield;
  const b = yield* sortSteps(list.slice(half), compare);
  const merged: T[] = [];
  let at = 0;
  for (const [index, one] of a.entries()) {
    for (let other = b[at]; other !== undefined && compare(other, one) < 0; other = b[++at])
      merged.push(other);
    merged.push(one);
    if (index % AT_ONCE === 0) yield;
  }
  return merged.concat(b.slice(at));
}
