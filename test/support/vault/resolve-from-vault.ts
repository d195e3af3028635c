// Resolves a secret from Vault with several logins, prints every failure and object in full, and exits with the last failure uncaught.
import { inspect } from "node:util";

import { systemClock } from "../../../instrumentation/core/clock.ts";
import { vaultSettings } from "./vault-client.ts";
import { ArrayLogger } from "../core/logger.ts";
import { openVault } from "../../../instrumentation/vault/vault.ts";

const env = Object.fromEntries(
  Object.entries(process.env).map(([name, value]) => [name, value ?? ""]),
);
const logins: readonly unknown[] = JSON.parse(env["LOGINS"] ?? "[]");
let failure: Error | undefined;
for (const auth of logins) {
  const logger = new ArrayLogger();
  const settings = vaultSettings(env, { auth });
  const vault = openVault(settings, { clock: systemClock, logger });
  const { signal } = new AbortController();
  try {
    await vault.resolver.resolve({ vault: "kv/repo", field: "key" }, signal);
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
  }
  await vault.stop();
  const all = [failure, logger.lines, settings, vault];
  process.stdout.write(inspect(all, { depth: 20, showHidden: true }) + JSON.stringify(all));
}
if (failure) throw failure;
