import { AgentError } from "../core/error.ts";
import { mapping } from "../core/json-schema.ts";
import { Secret } from "../core/secret.ts";
import type { SecretResolver } from "../core/secret.ts";

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** `{env: NAME}`: the unchanged value of an environment variable. An empty one counts as not set, as for restic. */
export const environment: SecretResolver = {
  scheme: "env",
  schema: mapping({ env: { type: "string", pattern: VARIABLE.source } }, ["env"]),
  check: (reference) =>
    typeof reference === "string" && VARIABLE.test(reference)
      ? undefined
      : "must be the name of a variable",
  async resolve(reference) {
    const value = typeof reference === "string" ? process.env[reference] : undefined;
    if (!value) throw new AgentError("secret", `${variableShown(String(reference))} is not set`);
    return new Secret(value);
  },
};

/** A variable in messages. */
export function variableShown(name: string): string {
  return isVariableName(name) ? `the variable ${name}` : "the variable of {env: …}";
}

/**
 * Whether the name of a variable may be shown: `RESTIC_PASSWORD`, `PASSWORD`, `AWS_KEY_2`. Another one may be the secret itself, which a slip
 * moved there.
 */
export function isVariableName(name: string): boolean {
  return (
    name.length <= 60 &&
    /^(?:[A-Z_]+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|(?:https?|no|all)_proxy)$/.test(name)
  );
}
