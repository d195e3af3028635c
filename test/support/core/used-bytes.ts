import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage: unknown = runInNewContext("gc");

/** Memory in use after a garbage collection. Buffers are freed some time after the collection that finds them. */
export async function usedBytes(): Promise<number> {
  for (let run = 0; run < 3; run++) {
    if (typeof collectGarbage === "function") collectGarbage();
    await setTimeout(10);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
