// Imports a built backend. Prints the time and the resident memory that this takes as one line of JSON.
import { setTimeout as delay } from "node:timers/promises";

const [module = ""] = process.argv.slice(2);
const dist = new URL("../../../instrumentation/dist/", import.meta.url);
// Every agent loads the monitor.
await import(new URL("monitor/monitor.js", dist).href);
await delay(100);
const before = process.memoryUsage().rss;
const startedMs = performance.now();
await import(new URL(`backends/${module}/${module}.js`, dist).href);
process.stdout.write(
  JSON.stringify({
    seconds: (performance.now() - startedMs) / 1000,
    bytes: process.memoryUsage().rss - before,
  }),
);
