import type { Backend } from "../backends/backend.ts";
import type { BackendCost } from "../backends/context.ts";
import type { Debug } from "../core/log.ts";
import type { ResolvedSecrets } from "./resolved-secrets.ts";
import type { ResticSourceOptions } from "./source-options.ts";

/** @param cost counts the requests */
export function openedBackend(
  settings: ResticSourceOptions,
  environment: ResolvedSecrets["environment"],
  cost: BackendCost,
  debug: Debug,
): Promise<Backend> {
  const { repo, openBackend, options, connections, insecureTls = false } = settings;
  const { requestTimeoutMs, maxSnapshotBytes, processEnvironment, clock } = settings;
  return openBackend(repo.revealText(), {
    environment,
    options,
    connections,
    insecureTls,
    requestTimeoutMs,
    maxSnapshotBytes,
    processEnvironment,
    clock,
    cost,
    debug,
  });
}

/** Ends what the backend has open, such as a child process. */
export async function closed(backend: Backend | undefined): Promise<void> {
  try {
    await backend?.close?.();
  } catch {
    // A backend that does not close is no failure of the repository.
  }
}
