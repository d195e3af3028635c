// One process of the agent's reader: a first and a second collection, told as one line of JSON.
import { monitorEventLoopDelay } from "node:perf_hooks";

import { systemClock, Secret } from "restic-otel-instrumentation/agent";
import { Monitor } from "restic-otel-instrumentation/monitor";

const [password = "", connections, stateDir, ...urls] = process.argv.slice(2);
const monitor = new Monitor(
  {
    repositories: urls.map((url) => ({
      repo: new Secret(url),
      url,
      disabled: false,
      password: { scheme: "literal", reference: new Secret(password) },
      insecureNoPassword: false,
      environment: {},
      options: {},
      connections: Number(connections),
      insecureTls: false,
    })),
    cron: "@daily",
    timezone: "UTC",
    timeoutMs: 300_000,
    concurrency: 8,
    legacyLabel: false,
    retryFailed: false,
    reverifyMs: 3_600_000,
    ...(stateDir !== "" && { stateDir }),
  },
  { clock: systemClock },
);

/** What all repositories have cost so far. */
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

// Nothing of a collection holds the process.
const held = setInterval(() => {}, 1000);
const collections = [];
for (let index = 0; index < 2; index++) {
  const before = cost();
  const pause = monitorEventLoopDelay({ resolution: 1 });
  pause.enable();
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
    peakBytes: process.resourceUsage().maxRSS * 1024,
  });
}
await monitor.stop();
clearInterval(held);
process.stdout.write(JSON.stringify(collections));
