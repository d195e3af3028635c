import { credentialsIn } from "../backends/location.ts";
import { isJsonObject } from "../core/json.ts";
import { Secret } from "../core/secret.ts";
import type { SecretReference } from "../core/secret.ts";
import { literal } from "../secrets/reference.ts";
import type { RepositorySettings } from "../settings/repository.ts";
import { VAULT_DISABLED } from "../vault/settings.ts";
import type { VaultUse } from "../vault/settings.ts";
import type { MonitorSettings } from "./monitor-settings.ts";

/** All secrets that the settings name or contain. */
export function secretsIn({
  repositories,
  otherSecrets = [],
  vault = VAULT_DISABLED,
}: MonitorSettings): readonly SecretReference[] {
  return [...repositories.flatMap(secretsOf), ...otherSecrets, ...secretsOfVault(vault)];
}

/** All secrets of a repository: its references, and the credentials in its repository string and options. */
export function secretsOf(settings: RepositorySettings): readonly SecretReference[] {
  const { repo, password, environment, options } = settings;
  return [
    ...(password ? [password] : []),
    ...Object.values(environment),
    ...credentialsIn(repo.revealText()).map(literal),
    ...Object.values(options).flatMap(passwordsIn).map(literal),
  ];
}

/** In the commands of options: `sshpass -p …`, `--sftp-pass=…`, `--s3-secret-access-key …`. */
function passwordsIn(command: string): readonly string[] {
  const flags = command.matchAll(
    /(?:^|\s)-(?:p\s*|[\w-]*(?:pass(?:word|phrase)?|secret|token|key)(?:=|\s+))["']?([^\s"']+)/gi,
  );
  return Array.from(flags, ([, value = ""]) => value);
}

/** The secrets in the settings of Vault, and references to the variables that hold one. */
function secretsOfVault(use: VaultUse): readonly SecretReference[] {
  const parts: readonly unknown[] = "auth" in use ? Object.values(use.auth) : [];
  const given = parts.filter(isJsonObject);
  const secrets = given.map(({ secret }) => secret).filter((secret) => secret instanceof Secret);
  const names = given.map(({ variable }) => variable).filter((name) => typeof name === "string");
  return [
    ...secrets.map((reference) => ({ scheme: "literal", reference })),
    ...names.map((reference) => ({ scheme: "env", reference })),
  ];
}
