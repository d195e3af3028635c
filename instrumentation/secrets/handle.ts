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
  const createdAt = clock.now();

  async function resolve(signal: AbortSignal, notBefore: number): Promise<Secret> {
    const resolver = resolvers.get(reference.scheme);
    if (!resolver)
      throw new AgentError(
        "secret",
        `secrets from ${reference.scheme} are not supported yet: give one as text, file, env or command`,
      );
    const secret = await resolver.resolve(reference.reference, signal, notBefore);
    known = { secret, at: clock.now() };
    return secret;
  }

  return {
    get resolvedAt() {
      return known?.at;
    },
    // The handles of one load share what is fetched for one of them.
    current: async (signal) => known?.secret ?? resolve(signal, createdAt),
    async refresh(signal, notBefore = Infinity) {
      try {
        return await resolve(signal, notBefore);
      } catch (error) {
        if (known) return known.secret;
        throw error;
      }
    },
  };
}
