import { Secret } from "../../instrumentation/core/secret.ts";
import { openB2 } from "../../instrumentation/restic/backend/b2.ts";
import type { Backend } from "../../instrumentation/restic/backend/backend.ts";
import { parseLocation } from "../../instrumentation/restic/backend/location.ts";
import { FakeClock } from "./clock.ts";

interface B2Options {
  readonly environment: Readonly<Record<string, string>>;
  readonly proxyEnvironment?: Readonly<Record<string, string>>;
  readonly idleMs?: number;
}

/** The backend of a repository string that begins with `b2:`, without retries. */
export function openB2At(
  repo: string,
  { environment, proxyEnvironment = {}, idleMs }: B2Options,
): Promise<Backend> {
  const location = parseLocation(repo);
  if (location.scheme !== "b2") throw new Error(`${repo} is not of B2`);
  const secrets = Object.entries(environment).map(([name, value]) => [name, new Secret(value)]);
  return openB2(
    location,
    {
      environment: Object.fromEntries(secrets),
      proxyEnvironment,
      clock: new FakeClock(),
      cost: { list: { requests: 0, receivedBytes: 0 }, load: { requests: 0, receivedBytes: 0 } },
    },
    idleMs,
  );
}
