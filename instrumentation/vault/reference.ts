import { AgentError } from "../core/error.ts";
import type { SecretResolver } from "../core/secret.ts";
import { described, mapping, NOT_EMPTY } from "../core/json-schema.ts";
import type { Properties } from "../core/json-schema.ts";
import type { KvAddress } from "./kv.ts";
import { isJsonObject } from "../core/json.ts";
import { pathProblem } from "./auth-settings.ts";

/** `{vault: "mount/path", field: "key", version?, kvVersion?}`, checked. */
export interface VaultReference extends KvAddress {
  readonly field: string;
}

const PROPERTIES: Properties = {
  vault: described("mount/path", { type: "string", pattern: "^[^/]+/." }),
  field: described("name of a value in the secret", NOT_EMPTY),
  version: described("version of the secret; default: the latest", { type: "integer", minimum: 1 }),
  kvVersion: described("version of the KV engine; default: found out", { enum: [1, 2] }),
};

const KEYS = Object.keys(PROPERTIES);

/** Returns the reference, or its problem as text. */
export function parseVaultReference(reference: unknown): VaultReference | string {
  if (!isJsonObject(reference)) return 'must be {vault: "mount/path", field: "key"}';
  const { vault: path, field, version, kvVersion } = reference;
  const extra = Object.keys(reference).find((key) => !KEYS.includes(key));
  if (extra !== undefined) return `unknown key; known keys: ${KEYS.join(", ")}`;
  if (typeof path !== "string" || !/^[^/]+\/./.test(path)) return 'vault must be "mount/path"';
  const problem = pathProblem(path);
  if (problem !== undefined) return `vault ${problem}`;
  if (typeof field !== "string" || field === "")
    return "field must be the name of a value in the secret";
  if (
    version !== undefined &&
    !(typeof version === "number" && Number.isInteger(version) && version > 0)
  )
    return "version must be a positive integer";
  if (kvVersion !== undefined && kvVersion !== 1 && kvVersion !== 2)
    return "kvVersion must be 1 or 2";
  return { path, field, version, kvVersion };
}

/** The resolver for the scheme `vault` but for `resolve`. */
export const VAULT_SCHEME: Omit<SecretResolver, "resolve"> = {
  scheme: "vault",
  keys: KEYS.slice(1),
  schema: mapping(PROPERTIES, ["vault", "field"]),
  check(reference) {
    const parsed = parseVaultReference(reference);
    return typeof parsed === "string" ? parsed : undefined;
  },
};

/** The secret's name in messages. */
export function nameOf({ path, field, version }: VaultReference): string {
  return `the secret at ${path}${version === undefined ? "" : `, version ${version}`} (field ${field}) in Vault`;
}

/** The resolver for the scheme `vault` while Vault is not configured: `resolve` always throws. @param reason for the message */
export function disabledResolver(reason: string): SecretResolver {
  return {
    ...VAULT_SCHEME,
    async resolve(reference) {
      const parsed = parseVaultReference(reference);
      const name = typeof parsed === "string" ? "a secret in Vault" : nameOf(parsed);
      throw new AgentError("secret", `${name}: ${reason}`);
    },
  };
}
