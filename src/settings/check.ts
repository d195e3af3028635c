import { secretHandle, systemClock, toAgentError } from "restic-otel-instrumentation/agent";
import type { SecretResolver } from "restic-otel-instrumentation/agent";

import type { AgentSettings } from "./load.ts";

/** Resolves every secret of the enabled repositories; a line for each that cannot be had. */
export async function checkSecrets(
  { monitor }: AgentSettings,
  schemes: ReadonlyMap<string, SecretResolver>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const { url, password, environment } of monitor.repositories) {
    const references = [
      ...(password ? [["password", password] as const] : []),
      ...Object.entries(environment),
    ];
    for (const [name, reference] of references) {
      try {
        await secretHandle(reference, schemes, systemClock).current(signal);
      } catch (error) {
        problems.push(`${url}: ${name}: ${toAgentError(error).message}`);
      }
    }
  }
  return problems;
}
