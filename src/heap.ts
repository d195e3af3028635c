import { constants, PerformanceObserver } from "node:perf_hooks";
import type { PerformanceObserverEntryList } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** What the young generation may hold: less makes large collections slower, more makes them little faster. */
const YOUNG_BYTES = 2 ** 22;

/**
 * Keeps the heap near what lives in it. On a machine with a few GB V8 lets the young generation grow to 64 MB, twice, and the old one to
 * four times what lives, which it reaches after hundreds of collections; whatever is read here dies young, and what lives changes little.
 */
export function keepHeapSmall(): void {
  // Flags that are heeded at each collection of garbage; `--max-semi-space-size` only is before the first line of a program runs.
  setFlagsFromString("--heap-growing-percent=50");
  // Else nothing young is collected while the old is marked: tens of MB come to lie in it, whose pages are kept for ever.
  setFlagsFromString("--no-separate-gc-phases");
  // With so little to look at, threads wait for each other longer than they work.
  setFlagsFromString("--no-parallel-scavenge");
  setFlagsFromString("--semi-space-growth-factor=1");
  growYoung();
  new PerformanceObserver(awake).observe({ entryTypes: ["gc"] });
}

/** A rest makes the young generation small: it is made large again as soon as there is something to do. */
function awake(list: PerformanceObserverEntryList): void {
  const { NODE_PERFORMANCE_GC_MINOR } = constants;
  const isMinor = (entry: object): boolean =>
    "detail" in entry &&
    typeof entry.detail === "object" &&
    entry.detail !== null &&
    "kind" in entry.detail &&
    entry.detail.kind === NODE_PERFORMANCE_GC_MINOR;
  if (list.getEntries().some(isMinor)) growYoung();
}

/** To its whole size at once, by what survives: left alone it is far larger before anybody can look at it. */
function growYoung(): void {
  const before = youngBytes();
  if (before > YOUNG_BYTES / 2) return;
  setFlagsFromString(`--semi-space-growth-factor=${Math.floor(YOUNG_BYTES / before)}`);
  const piece = Array.from({ length: 2 ** 13 }, () => 0);
  const surviving: (readonly number[])[] = [];
  for (let pieces = 0; youngBytes() === before && pieces < 50; pieces++)
    surviving.push(piece.slice());
  setFlagsFromString("--semi-space-growth-factor=1");
}

function youngBytes(): number {
  const young = getHeapSpaceStatistics().find((space) => space.space_name === "new_space");
  return young ? young.space_used_size + young.space_available_size : YOUNG_BYTES;
}
