import { AgentError } from "../core/error.ts";
import { Secret } from "../core/secret.ts";
import type { SecretResolver } from "../core/secret.ts";

/** `{env: NAME}`: the unchanged value of an environment variable. An empty one counts as not set, as for restic. */
export const environment: SecretResolver = {
  scheme: "env",
  check: (reference) =>
    typeof reference === "string" && /^[A-Za-z_][A-Za-z0-9_]*$/.test(reference)
      ? undefined
      : "must be the name of a variable",
  async resolve(reference) {
    const value = typeof reference === "string" ? process.env[reference] : undefined;
    if (!value) throw new AgentError("secret", `the variable ${String(reference)} is not set`);
    return new Secret(value);
  },
};
