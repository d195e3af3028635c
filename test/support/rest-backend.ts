import { Secret } from "../../instrumentation/core/secret.ts";
import type { Backend } from "../../instrumentation/restic/backend/backend.ts";
import { parseLocation } from "../../instrumentation/restic/backend/location.ts";
import { openRest } from "../../instrumentation/restic/backend/rest.ts";
import { FakeClock } from "./clock.ts";

interface RestOptions {
  /** Variables of restic. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly idleMs?: number;
}

/** The backend of a repository string that begins with `rest:`, without retries. */
export function openRestAt(
  repo: string,
  { environment = {}, idleMs }: RestOptions = {},
): Promise<Backend> {
  const location = parseLocation(repo);
  if (location.scheme !== "rest") throw new Error(`${repo} is not of a REST server`);
  const secrets = Object.entries(environment).map(([name, value]) => [name, new Secret(value)]);
  return openRest(
    location,
    {
      environment: Object.fromEntries(secrets),
      proxyEnvironment: {},
      clock: new FakeClock(),
      cost: { list: { requests: 0, receivedBytes: 0 }, load: { requests: 0, receivedBytes: 0 } },
    },
    idleMs,
  );
}
