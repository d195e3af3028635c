// One process that loads a backend, compiled: seconds and resident memory, told as one line of JSON.
import { setTimeout as delay } from "node:timers/promises";

const [module = ""] = process.argv.slice(2);
const dist = new URL("../../instrumentation/dist/", import.meta.url);
// What an agent has loaded anyway.
await import(new URL("monitor.js", dist).href);
await delay(100);
const before = process.memoryUsage().rss;
const startedMs = performance.now();
await import(new URL(`${module}.js`, dist).href);
process.stdout.write(
  JSON.stringify({
    seconds: (performance.now() - startedMs) / 1000,
    bytes: process.memoryUsage().rss - before,
  }),
);
