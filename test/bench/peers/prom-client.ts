// A program as a user of prom-client would write it: gauges of backup sets on /metrics.
import { createServer } from "node:http";

import { Gauge, Registry } from "prom-client";

const [sets, ...names] = process.argv.slice(2);
const registry = new Registry();
for (const name of names) {
  const gauge = new Gauge({
    name,
    help: "A gauge of a backup set.",
    labelNames: ["url", "host", "user"],
    registers: [registry],
  });
  for (let set = 0; set < Number(sets); set++) {
    const labels = { url: "rest:http://localhost/repository", host: `host-${set}`, user: "root" };
    gauge.set(labels, 1_700_000_000 + set);
  }
}
const server = createServer((_, response) => {
  void registry.metrics().then((text) => response.end(text));
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address)
    process.stdout.write(`http://127.0.0.1:${address.port}\n`);
});
