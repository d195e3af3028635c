import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** Where the young generation stops to grow: less makes large collections slower, more does not make them faster. */
const YOUNG_BYTES = 2 ** 23;

/**
 * Keeps the heap near what lives in it. On a machine with a few GB V8 lets the young generation grow to 128 MB, and the old one to four
 * times what lives, which it reaches after hundreds of collections; whatever is read here dies young, and what lives changes little.
 */
export function keepHeapSmall(): void {
  // Both are heeded at each collection of garbage; `--max-semi-space-size` only before the first line of a program runs.
  setFlagsFromString("--heap-growing-percent=50");
  new PerformanceObserver((_, observer) => {
    const young = getHeapSpaceStatistics().find((space) => space.space_name === "new_space");
    if (young && young.space_size < YOUNG_BYTES) return;
    setFlagsFromString("--semi-space-growth-factor=1");
    observer.disconnect();
  }).observe({ entryTypes: ["gc"] });
}
