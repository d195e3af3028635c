import { AgentError } from "../core/error.ts";
import { Secret } from "../core/secret.ts";
import type { SecretResolver } from "../core/secret.ts";

/** A secret written in the settings. */
export const literal: SecretResolver = {
  scheme: "literal",
  check: (reference) => (reference instanceof Secret ? undefined : "must be text"),
  async resolve(reference) {
    if (reference instanceof Secret) return reference;
    throw new AgentError("secret", "the secret in the settings is not text");
  },
};
