// Takes inventories of one repository with a Monitor, one after the other. Prints their figures as one line of JSON.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";

import { monitorOf, peakBytes } from "./monitor-of.ts";

/** From the end of one inventory to the next, and from one collection to the next. */
const EVERY_MS = 1000;
const COLLECT_MS = 50;
/** restic's default. */
const CONNECTIONS = 5;
/** Collections before the first inventory. */
const BEFORE = 40;

const { url, inventories, slices, pauses, collects, ...settings } = JSON.parse(
  process.argv[1] ?? "",
);
const inventory = { everyMs: EVERY_MS, slices };
const monitor = monitorOf({ ...settings, urls: [url], connections: CONNECTIONS, inventory });

/** Milliseconds of one collection. */
async function collect(): Promise<number> {
  const beganMs = performance.now();
  const outcome = await monitor.collect();
  if (outcome?.failed !== 0) throw new Error("the repository could not be read");
  return performance.now() - beganMs;
}

/** Requests of inventories and collections, and those of the last collection. */
function requests(): readonly [all: number, last: number] {
  const [entry] = monitor.store.entries();
  const { cost, lastRequests = 0 } = entry?.state ?? {};
  return [(cost?.list.requests ?? 0) + (cost?.load.requests ?? 0), lastRequests];
}

// Neither a collection nor an inventory keeps the process alive.
const keepAlive = setInterval(() => {}, 1000);
await collect();
const alone = [];
for (let left = collects ? BEFORE : 0; left > 0; left--) {
  alone.push(await collect());
  await delay(COLLECT_MS);
}
const startBytes = peakBytes();
const startedAt = Date.now();
monitor.inventories.start();
const taken = [];
let lastAt = startedAt;
while (taken.length < inventories) {
  const [before] = requests();
  const pause = monitorEventLoopDelay({ resolution: 1 });
  if (pauses) pause.enable();
  const cpu = process.cpuUsage();
  const beside = [];
  for (;;) {
    const [entry] = monitor.inventories.entries();
    if (entry?.error) throw entry.error;
    const { at, durationSeconds, counts } = entry?.inventory ?? { at: 0 };
    if (at > lastAt) {
      const { user, system } = process.cpuUsage(cpu);
      pause.disable();
      lastAt = at;
      await collect();
      const [all, last] = requests();
      taken.push({
        seconds: durationSeconds,
        cpuSeconds: (user + system) / 1e6,
        pauseMs: pause.max / 1e6,
        requests: all - before - last,
        peakBytes: peakBytes(),
        beside,
        counts,
      });
      break;
    }
    if (collects) beside.push(await collect());
    await delay(collects ? COLLECT_MS : 10);
  }
}
await monitor.stop();
clearInterval(keepAlive);
process.stdout.write(JSON.stringify({ startBytes, alone, inventories: taken }));
