import type { SecretReference } from "../core/secret.ts";
import { secretsOf } from "../settings/secrets-of.ts";
import { secretsOfVault } from "../vault/secrets-of.ts";
import { VAULT_DISABLED } from "../vault/settings.ts";
import type { MonitorSettings } from "./monitor-settings.ts";

/** All secrets that the settings name or contain. */
export function secretsIn({
  repositories,
  otherSecrets = [],
  vault = VAULT_DISABLED,
}: MonitorSettings): readonly SecretReference[] {
  return [...repositories.flatMap(secretsOf), ...otherSecrets, ...secretsOfVault(vault)];
}
