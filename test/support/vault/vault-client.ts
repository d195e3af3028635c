import { systemClock } from "../../../instrumentation/core/clock.ts";
import type { Clock } from "../../../instrumentation/core/clock.ts";
import type { Logger } from "../../../instrumentation/core/log.ts";
import { parseVaultSettings } from "../../../instrumentation/vault/settings.ts";
import type { VaultSettings } from "../../../instrumentation/vault/settings.ts";
import { openVault } from "../../../instrumentation/vault/vault.ts";
import type { Vault } from "../../../instrumentation/vault/vault.ts";
import type { FakeClock } from "../core/clock.ts";
import { ArrayLogger } from "../core/logger.ts";
import type { FakeVault } from "./fake-vault.ts";

type Variables = Readonly<Record<string, string>>;

/** Problems, or warnings if there are none, as lines. */
export function settingsFindings(section: unknown, env: Variables = {}): readonly string[] {
  const { problems, warnings } = parseVaultSettings(section, env);
  return [...problems, ...warnings].map(({ path, message }) => `${path.join(".")}: ${message}`);
}

/** Parses variables and a section; throws if they have a problem. */
export function vaultSettings(env: Variables, section?: unknown): VaultSettings {
  const { value, problems } = parseVaultSettings(section, env);
  if ("disabledReason" in value) throw new Error(JSON.stringify({ value, problems }));
  return value;
}

/** The agent's client for Vault, with its log. */
export interface VaultTestClient extends Vault {
  readonly logger: ArrayLogger;
  /** Resolves a reference to `path`. @param more further keys; the field is `key` by default */
  value(path: string, more?: Readonly<Record<string, unknown>>): Promise<string>;
}

export function openVaultClient(
  settings: VaultSettings,
  clock: Clock = systemClock,
  logger: ArrayLogger & Logger = new ArrayLogger(),
): VaultTestClient {
  const vault = openVault(settings, { clock, logger, proxyEnvironment: {} });
  const { signal } = new AbortController();
  return {
    ...vault,
    logger,
    async value(path, more = {}) {
      const reference = { vault: path, field: "key", ...more };
      return (await vault.resolver.resolve(reference, signal)).revealText();
    },
  };
}

/** Opens a client of the fake, with a time limit that no test reaches by accident: a fake clock runs ahead of the I/O. */
export function openClientOf(server: FakeVault, clock: Clock, env: Variables): VaultTestClient {
  const variables = { VAULT_ADDR: server.url, VAULT_CLIENT_TIMEOUT: "500h", ...env };
  return openVaultClient(vaultSettings(variables), clock);
}

export const APPROLE_VARIABLES: Variables = { VAULT_ROLE_ID: "role", VAULT_SECRET_ID: "secret" };

/** Advances the clock until the call settles. The clock runs ahead of the I/O, so give requests a long time limit. */
export async function advanceUntilSettled<T>(clock: FakeClock, call: Promise<T>): Promise<T> {
  const settled = call.then(
    () => true,
    () => true,
  );
  do await clock.advance(100);
  while (!(await Promise.race([settled, Promise.resolve(false)])));
  return call;
}
