import { parseVaultSettings } from "restic-otel-instrumentation/internal";
import type { VaultParsed } from "restic-otel-instrumentation/internal";

const DISABLED_BY_FLAG = { disabledReason: "Vault is disabled by --no-vault" };

/**
 * The section `vault` of the file, merged with Vault's VAULT_* variables.
 * @param isAllowed false: `--no-vault` is given
 */
export function vaultSection(
  section: unknown,
  env: Readonly<Record<string, string | undefined>>,
  isAllowed: boolean,
): VaultParsed {
  const parsed = parseVaultSettings(section, env);
  if (isAllowed) return parsed;
  const inSection = parsed.problems.filter(({ path }) => path[0] === "vault");
  return { value: DISABLED_BY_FLAG, problems: inSection, warnings: [] };
}
