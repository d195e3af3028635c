import { isDeepStrictEqual } from "node:util";

import { Secret } from "../core/secret.ts";
import type { SecretReference, SecretResolver } from "../core/secret.ts";

/** What is wrong with a reference, and where in it. */
export interface ReferenceProblem {
  readonly path: readonly string[];
  readonly message: string;
}

/** How a secret may be written. */
export const CHOICES =
  "text, {file: path}, {env: NAME}, {command: [program, …]} or {vault: mount/path, field: name}";

type Mapping = Readonly<Record<string, unknown>>;

export function literal(text: string): SecretReference {
  return { scheme: "literal", reference: new Secret(text) };
}

/** Text, or a mapping with the key of a scheme and what may stand beside it. Checks the shape alone: nothing is resolved. */
export function parseReference(
  value: unknown,
  resolvers: ReadonlyMap<string, SecretResolver>,
): SecretReference | ReferenceProblem {
  if (typeof value === "string") return literal(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const quotes =
      typeof value === "number" || typeof value === "boolean" ? "; put it in quotes" : "";
    return { path: [], message: `must be ${CHOICES}${quotes}` };
  }
  const mapping: Mapping = { ...value };
  const scheme = Object.keys(mapping).find((key) => key !== "literal" && resolvers.has(key)) ?? "";
  const resolver = resolvers.get(scheme);
  const { keys = [] } = resolver ?? {};
  const extra = Object.keys(mapping).find((key) => key !== scheme && !keys.includes(key));
  if (!resolver || (extra !== undefined && keys.length === 0))
    return { path: [], message: `must be ${CHOICES}, with no other key` };
  if (extra !== undefined)
    return { path: [extra], message: `unknown key; known are ${[scheme, ...keys].join(", ")}` };
  const isWhole = keys.length > 0;
  const reference = isWhole ? mapping : mapping[scheme];
  const message = resolver.check(reference);
  return message === undefined ? { scheme, reference } : { path: isWhole ? [] : [scheme], message };
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
