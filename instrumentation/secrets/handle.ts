import type { Clock } from "../core/clock.ts";
import { AgentError, toAgentError } from "../core/error.ts";
import type { Secret, SecretHandle, SecretReference, SecretResolver } from "../core/secret.ts";

/**
 * A handle that resolves its reference at first use and at each `refresh`, and keeps the last value.
 * @param onStale called with the error when a refresh starts to fail while an older value is kept, and without one when a
 * refresh succeeds again
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
        `no resolver is registered for secrets of type ${reference.scheme}`,
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
    // notBefore = createdAt: handles created by the same load share one fetch of the same secret.
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
