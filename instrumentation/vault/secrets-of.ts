import { isJsonObject } from "../core/json.ts";
import { Secret } from "../core/secret.ts";
import type { SecretReference } from "../core/secret.ts";
import type { VaultUse } from "./settings.ts";

/** The secrets in the settings of Vault, and references to the variables that hold one. */
export function secretsOfVault(use: VaultUse): readonly SecretReference[] {
  const parts: readonly unknown[] = "auth" in use ? Object.values(use.auth) : [];
  const given = parts.filter(isJsonObject);
  const secrets = given.map(({ secret }) => secret).filter((secret) => secret instanceof Secret);
  const names = given.map(({ variable }) => variable).filter((name) => typeof name === "string");
  return [
    ...secrets.map((reference) => ({ scheme: "literal", reference })),
    ...names.map((reference) => ({ scheme: "env", reference })),
  ];
}
