// Runs two collections of a Monitor. Prints their figures as one line of JSON.
import { monitorEventLoopDelay } from "node:perf_hooks";

import { monitorOf, peakBytes } from "./monitor-of.ts";

const { pauses, ...settings } = JSON.parse(process.argv[1] ?? "");
const monitor = monitorOf(settings);

/** The sums of the cost counters of all repositories. */
function cost(): {
  requests: number;
  receivedBytes: number;
  keyDerivations: number;
  snapshots: number;
} {
  const sum = { requests: 0, receivedBytes: 0, keyDerivations: 0, snapshots: 0 };
  for (const { state } of monitor.store.entries()) {
    if (!state) continue;
    sum.requests += state.cost.list.requests + state.cost.load.requests;
    sum.receivedBytes += state.cost.list.receivedBytes + state.cost.load.receivedBytes;
    sum.keyDerivations += state.cost.keyDerivations;
    sum.snapshots += state.content?.snapshots ?? 0;
  }
  return sum;
}

// A collection does not keep the process alive.
const keepAlive = setInterval(() => {}, 1000);
const collections = [];
for (let index = 0; index < 2; index++) {
  const before = cost();
  const pause = monitorEventLoopDelay({ resolution: 1 });
  if (pauses === true) pause.enable();
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const outcome = await monitor.collect();
  if (outcome?.failed !== 0) throw new Error("a repository could not be read");
  const seconds = (performance.now() - startedMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  pause.disable();
  const after = cost();
  collections.push({
    seconds,
    cpuSeconds: (user + system) / 1e6,
    pauseMs: pause.max / 1e6,
    requests: after.requests - before.requests,
    receivedBytes: after.receivedBytes - before.receivedBytes,
    keyDerivations: after.keyDerivations - before.keyDerivations,
    snapshots: after.snapshots,
    peakBytes: peakBytes(),
  });
}
await monitor.stop();
clearInterval(keepAlive);
process.stdout.write(JSON.stringify(collections));
