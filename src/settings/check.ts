import {
  limit,
  secretHandle,
  systemClock,
  toAgentError,
} from "restic-otel-instrumentation/internal";
import type { SecretReference, SecretResolver } from "restic-otel-instrumentation/internal";

import type { AgentSettings } from "./load.ts";
import { endpointName } from "./otlp.ts";
import { variableShown } from "./redacted.ts";

const CONCURRENCY = 8;

/** The settings with secrets. */
type NamedSecrets = Pick<AgentSettings["monitor"], "repositories"> & Pick<AgentSettings, "otlp">;

/** Resolves every secret of the enabled repositories and of the OTLP headers. Returns a line for each that fails. */
export async function checkSecrets(
  { repositories, otlp }: NamedSecrets,
  resolvers: ReadonlyMap<string, SecretResolver>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const limited = limit(CONCURRENCY);
  // Handles share the fetches that start after their creation: create all of them before the first fetch.
  const checks = namedSecrets({ repositories, otlp }).map(([name, reference]) => {
    const handle = secretHandle(reference, resolvers, systemClock);
    return async (): Promise<string | undefined> =>
      limited(() => handle.current(signal), signal).then(
        () => undefined,
        (error: unknown) => `${name}: ${toAgentError(error).message}`,
      );
  });
  const problems = await Promise.all(checks.map((check) => check()));
  return problems.filter((problem) => problem !== undefined);
}

function namedSecrets({
  repositories,
  otlp,
}: NamedSecrets): readonly (readonly [string, SecretReference])[] {
  return [
    ...repositories.flatMap(({ url, password, environment }) => [
      ...(password ? [[`${url}: password`, password] as const] : []),
      ...Object.entries(environment).map(
        ([name, reference], index) => [`${url}: ${variableShown(name, index)}`, reference] as const,
      ),
    ]),
    ...otlp.flatMap(({ url, headers }) =>
      Object.entries(headers).map(
        ([name, reference]) => [`${endpointName(url)}: ${name}`, reference] as const,
      ),
    ),
  ];
}
