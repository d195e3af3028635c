// Runs in a program of Node.js that is measured, before it: tells whoever has started it what only the process itself knows.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const pause = monitorEventLoopDelay({ resolution: 1 });
process.on("message", () => {
  const pauseMs = pause.max / 1e6;
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ pauseMs, liveBytes: heapUsed + external });
  // Not of what is asked here.
  setImmediate(() => setTimeout(() => pause.reset(), 20));
});
process.channel?.unref();
pause.enable();
