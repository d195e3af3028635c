import { secretHandle, systemClock, toAgentError } from "restic-otel-instrumentation/agent";
import type { SecretReference, SecretResolver } from "restic-otel-instrumentation/agent";

import type { AgentSettings } from "./load.ts";
import { endpointName } from "./otlp.ts";

/** Resolves every secret of the enabled repositories and of the headers of pushes; a line for each that cannot be had. */
export async function checkSecrets(
  { monitor, otlp }: AgentSettings,
  schemes: ReadonlyMap<string, SecretResolver>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const problems: string[] = [];
  const check = async (
    where: string,
    references: Readonly<Record<string, SecretReference>>,
  ): Promise<void> => {
    for (const [name, reference] of Object.entries(references)) {
      try {
        await secretHandle(reference, schemes, systemClock).current(signal);
      } catch (error) {
        problems.push(`${where}: ${name}: ${toAgentError(error).message}`);
      }
    }
  };
  for (const { url, password, environment } of monitor.repositories)
    await check(url, { ...(password && { password }), ...environment });
  for (const { url, headers } of otlp) await check(endpointName(url), headers);
  return problems;
}
