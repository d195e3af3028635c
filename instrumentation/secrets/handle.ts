import type { Clock } from "../core/clock.ts";
import { AgentError, toAgentError } from "../core/error.ts";
import type { Secret, SecretHandle, SecretReference, SecretResolver } from "../core/secret.ts";

/**
 * A secret by its reference: resolved when it is first needed, kept, and resolved anew on demand.
 * @param onStale called when a refresh failed and the last good value stays, and without an error when one is well again
 */
export function secretHandle(
  reference: SecretReference,
  resolvers: ReadonlyMap<string, SecretResolver>,
  clock: Clock,
  onStale?: (error?: AgentError) => void,
): SecretHandle {
  let known: { readonly secret: Secret; readonly at: number } | undefined;
  let isStale = false;
  const createdAt = clock.now();

  async function resolve(signal: AbortSignal, notBefore: number): Promise<Secret> {
    const resolver = resolvers.get(reference.scheme);
    if (!resolver)
      throw new AgentError(
        "secret",
        `secrets from ${reference.scheme} are not supported: nobody has brought a way to them`,
      );
    const secret = await resolver.resolve(reference.reference, signal, notBefore);
    known = { secret, at: clock.now() };
    if (isStale) onStale?.();
    isStale = false;
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
        if (!known || signal.aborted) throw error;
        if (!isStale) onStale?.(toAgentError(error));
        isStale = true;
        return known.secret;
      }
    },
  };
}
