// One process of the agent's reader: a first and a second collection, told as one line of JSON.
import { systemClock } from "../../instrumentation/core/clock.ts";
import { Secret } from "../../instrumentation/core/secret.ts";
import { backendOpener } from "../../instrumentation/restic/backend/open.ts";
import { ResticSource } from "../../instrumentation/restic/source.ts";

const [repo = "", password = ""] = process.argv.slice(2);
const secret = new Secret(password);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const source = new ResticSource({
  url: repo,
  repo: new Secret(repo),
  password: { resolvedAt: 0, current: async () => secret, refresh: async () => secret },
  environment: {},
  reverifyMs: 3_600_000,
  openBackend: backendOpener(),
  processEnvironment: {},
  clock: systemClock,
  logger: silent,
});

const signal = AbortSignal.timeout(300_000);
const collections = [];
let state;
for (let index = 0; index < 2; index++) {
  const startedMs = performance.now();
  const reading = await source.collect(state, signal);
  if (reading.error) throw reading.error;
  state = reading.state;
  const { list, load, keyDerivations } = state.cost;
  collections.push({
    seconds: (performance.now() - startedMs) / 1000,
    requests: list.requests + load.requests,
    receivedBytes: list.receivedBytes + load.receivedBytes,
    keyDerivations,
    snapshots: state.content?.snapshots ?? 0,
  });
}
process.stdout.write(JSON.stringify(collections));
