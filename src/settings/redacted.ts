import type { RepositorySettings, SecretReference } from "restic-otel-instrumentation/internal";

import { describeSettings } from "./describe.ts";
import type { AgentSettings } from "./load.ts";

const REDACTED = "[redacted]";

/** The settings in force as somebody may see them: where secrets come from, and none of them. */
export function shownSettings(settings: AgentSettings): Readonly<Record<string, unknown>> {
  return {
    ...describeSettings(settings),
    repositories: settings.monitor.repositories.map(shownRepository),
  };
}

function shownRepository({
  url,
  password,
  insecureNoPassword,
  environment,
  options,
  connections,
  insecureTls,
}: RepositorySettings): Readonly<Record<string, unknown>> {
  return {
    repo: url,
    ...(password && { password: shownReference(password) }),
    ...(insecureNoPassword && { insecure_no_password: true }),
    environment: mapped(environment, shownReference),
    // Arguments of programs may hold anything.
    options: mapped(options, () => REDACTED),
    ...(connections !== undefined && { connections }),
    ...(insecureTls && { insecure_tls: true }),
  };
}

/** Files and variables are shown by their names; commands may hold a secret. */
function shownReference({ scheme, reference }: SecretReference): unknown {
  if (scheme === "literal") return REDACTED;
  const isName = (scheme === "file" || scheme === "env") && typeof reference === "string";
  return { [scheme]: isName ? reference : REDACTED };
}

function mapped<T>(
  record: Readonly<Record<string, T>>,
  shown: (value: T) => unknown,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, shown(value)]));
}
