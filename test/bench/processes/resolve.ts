// Resolves the secrets of repositories from Vault, as a load of the settings does. Prints the figures as one line of JSON.
import {
  parseVaultSettings,
  secretHandle,
  systemClock,
  ReloadableVaultResolver,
} from "restic-otel-instrumentation/internal";

const [repositories = 0, secrets = 1] = process.argv.slice(1).map(Number);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const { value, problems } = parseVaultSettings(undefined, process.env);
if (problems.length > 0) throw new Error(JSON.stringify(problems));
const signal = AbortSignal.timeout(300_000);

const startedMs = performance.now();
const vault = new ReloadableVaultResolver({ clock: systemClock, logger: silent });
vault.configure(value);
const handles = Array.from({ length: repositories }, (_, index) => {
  const reference = { vault: `secret/bench/${index % secrets}`, field: "key" };
  return secretHandle(
    { scheme: "vault", reference },
    new Map([[vault.scheme, vault]]),
    systemClock,
  );
});
await Promise.all(handles.map((handle) => handle.current(signal)));
const seconds = (performance.now() - startedMs) / 1000;
const [state] = vault.states;
await vault.stop();
process.stdout.write(
  JSON.stringify({ seconds, logins: state?.logins, reads: state?.reads.success }),
);
