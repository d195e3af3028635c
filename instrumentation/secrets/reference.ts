import { isDeepStrictEqual } from "node:util";

import { Secret } from "../core/secret.ts";
import type { SecretReference, SecretResolver } from "../core/secret.ts";

/** What is wrong with a reference, and where in it. */
export interface ReferenceProblem {
  readonly path: readonly string[];
  readonly message: string;
}

const CHOICES = "text, {file: path}, {env: NAME} or {command: [program, …]}";
const VAULT_KEYS = ["vault", "field", "version", "kvVersion"];

type Mapping = Readonly<Record<string, unknown>>;

export function literal(text: string): SecretReference {
  return { scheme: "literal", reference: new Secret(text) };
}

/** Text, or a mapping whose one key is a scheme. Checks the shape alone: nothing is resolved. */
export function parseReference(
  value: unknown,
  schemes: ReadonlyMap<string, SecretResolver>,
): SecretReference | ReferenceProblem {
  if (typeof value === "string") return literal(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const quotes =
      typeof value === "number" || typeof value === "boolean" ? "; put it in quotes" : "";
    return { path: [], message: `must be ${CHOICES}${quotes}` };
  }
  const mapping: Mapping = { ...value };
  if ("vault" in mapping) return parseVault(mapping);
  const [scheme = "", ...others] = Object.keys(mapping);
  const resolver = scheme === "literal" ? undefined : schemes.get(scheme);
  if (!resolver || others.length > 0)
    return { path: [], message: `must be ${CHOICES}, with no other key` };
  const reference = mapping[scheme];
  const message = resolver.check(reference);
  return message === undefined ? { scheme, reference } : { path: [scheme], message };
}

/** `{vault: "mount/path", field: "key"}`, with the version of the secret or of the KV engine if need be. */
function parseVault(mapping: Mapping): SecretReference | ReferenceProblem {
  const extra = Object.keys(mapping).find((key) => !VAULT_KEYS.includes(key));
  if (extra !== undefined)
    return { path: [extra], message: `unknown key; known are ${VAULT_KEYS.join(", ")}` };
  const { vault, field, version, kvVersion } = mapping;
  if (typeof vault !== "string" || !/^[^/]+\/./.test(vault))
    return { path: ["vault"], message: 'must be "mount/path"' };
  if (typeof field !== "string" || field === "")
    return { path: [], message: "field is missing: the name of the value in that secret" };
  if (version !== undefined && !(Number.isInteger(version) && Number(version) > 0))
    return { path: ["version"], message: "must be a positive integer" };
  if (kvVersion !== undefined && kvVersion !== 1 && kvVersion !== 2)
    return { path: ["kvVersion"], message: "must be 1 or 2" };
  return { scheme: "vault", reference: mapping };
}

/** Whether two settings name the same secret; what stands behind a reference may still change. */
export function sameReference(
  a: SecretReference | undefined,
  b: SecretReference | undefined,
): boolean {
  if (!a || !b) return a === b;
  if (a.reference instanceof Secret && b.reference instanceof Secret)
    return a.reference.equals(b.reference);
  return a.scheme === b.scheme && isDeepStrictEqual(a.reference, b.reference);
}
