// A typical program with prom-client: gauges of backup sets on /metrics.
import { createServer } from "node:http";

import { Gauge, Registry } from "prom-client";

const [sets, changing, ...names] = process.argv.slice(1);
const registry = new Registry();
const gauges = names.map(
  (name) =>
    new Gauge({
      name,
      help: "A gauge of a backup set.",
      labelNames: ["url", "host", "user"],
      registers: [registry],
    }),
);
let value = 1_700_000_000;
const change = (set: number): void => {
  const labels = { url: "rest:http://localhost/repository", host: `host-${set}`, user: "root" };
  for (const gauge of gauges) gauge.set(labels, value++);
};
for (let set = 0; set < Number(sets); set++) change(set);
let next = 0;
if (Number(changing) > 0)
  setInterval(() => {
    for (let index = 0; index < Number(changing); index++) change(next++ % Number(sets));
  }, 100);
const server = createServer((_, response) => {
  void registry.metrics().then((text) => response.end(text));
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address)
    process.stdout.write(`http://127.0.0.1:${address.port}\n`);
});
