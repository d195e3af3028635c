import { VAULT_DISABLED, parseVaultSettings } from "restic-otel-instrumentation/internal";
import type { Problem, VaultUse } from "restic-otel-instrumentation/internal";

/** The section `vault` of the file, merged with Vault's VAULT_* variables. The path of a problem starts with `vault`, or is the name of a variable. */
export interface VaultSection {
  readonly value: VaultUse;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

const DISABLED_BY_FLAG = { disabledReason: "Vault is disabled by --no-vault" };

/** @param isAllowed false: `--no-vault` is given */
export function vaultSection(
  section: unknown,
  env: Readonly<Record<string, string | undefined>>,
  isAllowed: boolean,
): VaultSection {
  const parsed = parseVaultSettings(section, env);
  const problems = "problems" in parsed ? parsed.problems : [];
  if (!isAllowed) {
    const inSection = problems.filter(({ path }) => path[0] === "vault");
    return { value: DISABLED_BY_FLAG, problems: inSection, warnings: [] };
  }
  if ("problems" in parsed) return { value: VAULT_DISABLED, problems, warnings: [] };
  return { value: parsed.value ?? VAULT_DISABLED, problems: [], warnings: parsed.warnings };
}
