import type { Clock } from "../core/clock.ts";
import { AgentError } from "../core/error.ts";
import type { Secret, SecretHandle, SecretReference, SecretResolver } from "../core/secret.ts";

/** A secret by its reference: resolved when it is first needed, kept, and resolved anew on demand. */
export function secretHandle(
  reference: SecretReference,
  resolvers: ReadonlyMap<string, SecretResolver>,
  clock: Clock,
): SecretHandle {
  let known: { readonly secret: Secret; readonly at: number } | undefined;

  async function resolve(signal: AbortSignal): Promise<Secret> {
    const resolver = resolvers.get(reference.scheme);
    if (!resolver)
      throw new AgentError(
        "secret",
        `secrets from ${reference.scheme} are not supported yet: give one as text, file, env or command`,
      );
    const secret = await resolver.resolve(reference.reference, signal);
    known = { secret, at: clock.now() };
    return secret;
  }

  return {
    get resolvedAt() {
      return known?.at;
    },
    current: async (signal) => known?.secret ?? resolve(signal),
    async refresh(signal) {
      try {
        return await resolve(signal);
      } catch (error) {
        if (known) return known.secret;
        throw error;
      }
    },
  };
}
