import type { Secret, SecretHandle } from "../core/secret.ts";

/** The secrets of a repository as its settings name them. */
interface SecretHandles {
  readonly password: SecretHandle;
  /** By the name of the variable. */
  readonly environment: Readonly<Record<string, SecretHandle>>;
}

/** The values of the secrets of a repository. */
export interface ResolvedSecrets {
  readonly password: Secret;
  readonly environment: Readonly<Record<string, Secret>>;
}

/** @throws AgentError `secret` */
export async function resolveSecrets(
  { password, environment }: SecretHandles,
  signal: AbortSignal,
): Promise<ResolvedSecrets> {
  const variables = Object.entries(environment).map(
    async ([name, handle]) => [name, await handle.current(signal)] as const,
  );
  const [secret, ...pairs] = await Promise.all([password.current(signal), ...variables]);
  return { password: secret, environment: Object.fromEntries(pairs) };
}

export function sameSecrets(a: ResolvedSecrets, b: ResolvedSecrets): boolean {
  return a.password.equals(b.password) && sameEnvironment(a.environment, b.environment);
}

/** Compares the values; both have the same names. */
export function sameEnvironment(
  a: ResolvedSecrets["environment"],
  b: ResolvedSecrets["environment"],
): boolean {
  return Object.entries(a).every(([name, secret]) => b[name]?.equals(secret));
}
