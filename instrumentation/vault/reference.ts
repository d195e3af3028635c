import { AgentError } from "../core/error.ts";
import type { SecretResolver } from "../core/secret.ts";
import type { KvAddress } from "./kv.ts";
import { isJsonObject } from "../core/json.ts";
import { pathProblem } from "./path.ts";

/** `{vault: "mount/path", field: "key", version?, kvVersion?}`, checked. */
export interface VaultReference extends KvAddress {
  readonly field: string;
}

const KEYS = ["vault", "field", "version", "kvVersion"];

/** What stands in settings beside `vault`. */
export const FURTHER_KEYS: readonly string[] = KEYS.slice(1);

/** The reference, or what is wrong with it. */
export function parseVaultReference(reference: unknown): VaultReference | string {
  if (!isJsonObject(reference)) return 'must be {vault: "mount/path", field: "key"}';
  const { vault: path, field, version, kvVersion } = reference;
  const extra = Object.keys(reference).find((key) => !KEYS.includes(key));
  if (extra !== undefined) return `has the unknown key ${extra}; known are ${KEYS.join(", ")}`;
  if (typeof path !== "string" || !/^[^/]+\/./.test(path)) return 'must have "mount/path" as vault';
  const problem = pathProblem(path);
  if (problem !== undefined) return problem;
  if (typeof field !== "string" || field === "") return "must have a field: the name of the value";
  if (
    version !== undefined &&
    !(typeof version === "number" && Number.isInteger(version) && version > 0)
  )
    return "must have a positive integer as version, or none";
  if (kvVersion !== undefined && kvVersion !== 1 && kvVersion !== 2)
    return "must have 1 or 2 as kvVersion, or none";
  return { path, field, version, kvVersion };
}

export function checkVaultReference(reference: unknown): string | undefined {
  const parsed = parseVaultReference(reference);
  return typeof parsed === "string" ? parsed : undefined;
}

/** As it stands in messages. */
export function nameOf({ path, field, version }: VaultReference): string {
  return `the secret at ${path}${version === undefined ? "" : `, version ${version}`} (field ${field}) in Vault`;
}

/** In place of the resolver when Vault is not used. @param reason why, and what to do */
export function withoutVault(reason: string): SecretResolver {
  return {
    scheme: "vault",
    keys: FURTHER_KEYS,
    check: checkVaultReference,
    async resolve(reference) {
      const parsed = parseVaultReference(reference);
      const name = typeof parsed === "string" ? "a secret in Vault" : nameOf(parsed);
      throw new AgentError("secret", `${name}: ${reason}`);
    },
  };
}
