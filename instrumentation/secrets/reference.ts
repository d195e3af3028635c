import { isJsonObject } from "../core/json.ts";
import { Secret } from "../core/secret.ts";
import type { SecretReference, SecretResolver } from "../core/secret.ts";

export interface ReferenceProblem {
  /** The wrong key within the reference; empty: the reference as a whole. */
  readonly path: readonly string[];
  readonly message: string;
}

/** The forms of a secret in settings, for messages. */
export const SECRET_FORMS =
  "text, {file: path}, {env: NAME}, {command: [program, …]} or {vault: mount/path, field: name}";

export function literal(text: string): SecretReference {
  return { scheme: "literal", reference: new Secret(text) };
}

/** Parses text, or a mapping with the key of a scheme and the further keys of its resolver. Resolves nothing. */
export function parseReference(
  value: unknown,
  resolvers: ReadonlyMap<string, SecretResolver>,
): SecretReference | ReferenceProblem {
  if (typeof value === "string") return literal(value);
  if (!isJsonObject(value)) {
    const hint =
      typeof value === "number" || typeof value === "boolean" ? "; put it in quotes" : "";
    return { path: [], message: `must be ${SECRET_FORMS}${hint}` };
  }
  const mapping = { ...value };
  const scheme = Object.keys(mapping).find((key) => key !== "literal" && resolvers.has(key)) ?? "";
  const resolver = resolvers.get(scheme);
  const { keys = [] } = resolver ?? {};
  const extra = Object.keys(mapping).find((key) => key !== scheme && !keys.includes(key));
  if (!resolver || (extra !== undefined && keys.length === 0))
    return { path: [], message: `must be ${SECRET_FORMS}, with no other key` };
  if (extra !== undefined)
    return { path: [extra], message: `unknown key; known keys: ${[scheme, ...keys].join(", ")}` };
  const takesMapping = keys.length > 0;
  const reference = takesMapping ? mapping : mapping[scheme];
  const message = resolver.check(reference);
  if (message === undefined) return { scheme, reference };
  return { path: takesMapping ? [] : [scheme], message };
}
