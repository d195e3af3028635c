// Collects one repository twice with the agent's restic source. Prints a line of JSON after each collection.
import { systemClock } from "../../../instrumentation/core/clock.ts";
import { Secret } from "../../../instrumentation/core/secret.ts";
import { backendOpener } from "../../../instrumentation/backends/open.ts";
import { ResticSource } from "../../../instrumentation/restic/source.ts";

interface Entry {
  readonly repo: string;
  readonly password: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, string>>;
  readonly insecureTls?: boolean;
}

const {
  repo,
  password,
  environment = {},
  options = {},
  insecureTls = false,
}: Entry = JSON.parse(process.argv[2] ?? "");
const fixed = (text: string) => {
  const secret = new Secret(text);
  return { resolvedAt: 0, current: async () => secret, refresh: async () => secret };
};
const handles = Object.entries(environment).map(([name, value]) => [name, fixed(value)]);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const source = new ResticSource({
  url: repo,
  repo: new Secret(repo),
  password: fixed(password),
  environment: Object.fromEntries(handles),
  options,
  insecureTls,
  reverifyMs: 3_600_000,
  openBackend: backendOpener(),
  processEnvironment: { PATH: process.env["PATH"] },
  clock: systemClock,
  logger: silent,
});

const signal = AbortSignal.timeout(300_000);
let state;
for (let index = 0; index < 2; index++) {
  const startedMs = performance.now();
  const reading = await source.collect(state, signal);
  if (reading.error) throw reading.error;
  state = reading.state;
  const { list, load } = state.cost;
  const collection = {
    seconds: (performance.now() - startedMs) / 1000,
    requests: list.requests + load.requests,
    receivedBytes: list.receivedBytes + load.receivedBytes,
    snapshots: state.content?.snapshots ?? 0,
  };
  process.stdout.write(`${JSON.stringify(collection)}\n`);
  // Wait until the parent process has read the counters of the server.
  if (index === 0) await new Promise((resolve) => process.stdin.once("data", resolve));
}
process.stdin.destroy();
