import { VAULT_DISABLED, parseVaultSettings } from "restic-otel-instrumentation/internal";
import type { Problem, VaultUse } from "restic-otel-instrumentation/internal";

/** What the section `vault` of a file says, with the variables of Vault's own programs. The path of a problem that is not of the section is the name of a variable. */
export interface VaultSection {
  readonly value: VaultUse;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

const SWITCHED_OFF = { disabledReason: "Vault is switched off by --no-vault" };

/** @param isAllowed false with `--no-vault` */
export function vaultSection(
  section: unknown,
  env: Readonly<Record<string, string | undefined>>,
  isAllowed: boolean,
): VaultSection {
  const parsed = parseVaultSettings(section, env);
  const problems = "problems" in parsed ? parsed.problems : [];
  if (!isAllowed) {
    const inSection = problems.filter(({ path }) => path[0] === "vault");
    return { value: SWITCHED_OFF, problems: inSection, warnings: [] };
  }
  if ("problems" in parsed) return { value: VAULT_DISABLED, problems, warnings: [] };
  return { value: parsed.value ?? VAULT_DISABLED, problems: [], warnings: parsed.warnings };
}
