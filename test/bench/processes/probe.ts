// Loaded into a measured Node.js program before its main module: answers messages of the parent process with figures of this process.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const pause = monitorEventLoopDelay({ resolution: 1 });

async function answer(): Promise<void> {
  const pauseMs = pause.max / 1e6;
  setFlagsFromString("--expose-gc");
  const collectGarbage: () => void = runInNewContext("gc");
  // Finalizers of one garbage collection release objects for the next one.
  for (let pass = 0; pass < 3; pass++) {
    collectGarbage();
    await delay(20);
  }
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ pauseMs, liveBytes: heapUsed + external });
  // Forget the pauses of the garbage collections above.
  pause.reset();
}

process.on("message", () => void answer());
process.channel?.unref();
pause.enable();
