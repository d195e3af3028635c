import { AgentError } from "../core/error.ts";
import { mapping } from "../core/json-schema.ts";
import { Secret } from "../core/secret.ts";
import type { SecretResolver } from "../core/secret.ts";
import { isVariableName } from "./printable-name.ts";

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
