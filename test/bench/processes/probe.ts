// Runs in a program of Node.js that is measured, before it: tells whoever has started it what only the process itself knows.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const pause = monitorEventLoopDelay({ resolution: 1 });

async function answer(): Promise<void> {
  const pauseMs = pause.max / 1e6;
  setFlagsFromString("--expose-gc");
  const collectGarbage: () => void = runInNewContext("gc");
  // What one sets free by its finalizers, the next collects.
  for (let pass = 0; pass < 3; pass++) {
    collectGarbage();
    await delay(20);
  }
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ pauseMs, liveBytes: heapUsed + external });
  // Not of what was done here.
  pause.reset();
}

process.on("message", () => void answer());
process.channel?.unref();
pause.enable();
