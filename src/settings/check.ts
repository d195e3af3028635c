import {
  limit,
  secretHandle,
  systemClock,
  toAgentError,
} from "restic-otel-instrumentation/internal";
import type { SecretReference, SecretResolver } from "restic-otel-instrumentation/internal";

import type { AgentSettings } from "./load.ts";
import { endpointName } from "./otlp.ts";

/** Secrets that are resolved side by side. */
const AT_ONCE = 8;

/** Resolves every secret of the enabled repositories and of the headers of pushes; a line for each that cannot be had. */
export async function checkSecrets(
  { monitor, otlp }: AgentSettings,
  resolvers: ReadonlyMap<string, SecretResolver>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const inTurn = limit(AT_ONCE);
  // All of them are made before the first is resolved: they share what is fetched from then on.
  const checks = named({ monitor, otlp }).map(([name, reference]) => {
    const handle = secretHandle(reference, resolvers, systemClock);
    return async (): Promise<string | undefined> =>
      inTurn(() => handle.current(signal), signal).then(
        () => undefined,
        (error: unknown) => `${name}: ${toAgentError(error).message}`,
      );
  });
  const problems = await Promise.all(checks.map((check) => check()));
  return problems.filter((problem) => problem !== undefined);
}

function named({
  monitor,
  otlp,
}: Pick<AgentSettings, "monitor" | "otlp">): readonly (readonly [string, SecretReference])[] {
  return [
    ...monitor.repositories.flatMap(({ url, password, environment }) => [
      ...(password ? [[`${url}: password`, password] as const] : []),
      ...Object.entries(environment).map(
        ([name, reference]) => [`${url}: ${name}`, reference] as const,
      ),
    ]),
    ...otlp.flatMap(({ url, headers }) =>
      Object.entries(headers).map(
        ([name, reference]) => [`${endpointName(url)}: ${name}`, reference] as const,
      ),
    ),
  ];
}
