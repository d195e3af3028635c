import { Secret } from "../../../instrumentation/core/secret.ts";
import type { Clock } from "../../../instrumentation/core/clock.ts";
import { backendContext } from "../../../instrumentation/backends/open.ts";
import type { BackendContext } from "../../../instrumentation/backends/context.ts";
import type { Location } from "../../../instrumentation/backends/location.ts";
import { FakeClock } from "../core/clock.ts";

export interface ContextOptions {
  /** Variables of the repository. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly processEnvironment?: Readonly<Record<string, string | undefined>>;
  /** restic's `-o` options. */
  readonly options?: Readonly<Record<string, string>>;
  readonly connections?: number;
  readonly insecureTls?: boolean;
  readonly requestTimeoutMs?: number;
  readonly clock?: Clock;
}

/** The context of a backend with these settings, without the environment of the tests. */
export function contextOf(
  scheme: Location["scheme"],
  {
    environment = {},
    processEnvironment = {},
    clock = new FakeClock(),
    ...more
  }: ContextOptions = {},
): BackendContext {
  return backendContext(scheme, {
    environment: secrets(environment),
    processEnvironment,
    clock,
    ...more,
  });
}

function secrets(environment: Readonly<Record<string, string>>): Record<string, Secret> {
  const entries = Object.entries(environment).map(([name, value]) => [name, new Secret(value)]);
  return Object.fromEntries(entries);
}
