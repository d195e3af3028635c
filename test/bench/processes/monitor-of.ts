// The part that scripts with a Monitor share: `script` puts it in the place of its import.
import { readFileSync } from "node:fs";

import { systemClock, Secret } from "restic-otel-instrumentation/internal";
import { Monitor } from "restic-otel-instrumentation/monitor";

interface Monitored {
  readonly urls: readonly string[];
  readonly password: string;
  /** Credentials of the repositories. */
  readonly environment: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly stateDir?: string;
  readonly inventory?: { readonly everyMs: number; readonly slices: number };
}

export function monitorOf({
  urls,
  password,
  environment,
  connections,
  stateDir,
  inventory,
}: Monitored): Monitor {
  const literal = (text: string) => ({ scheme: "literal", reference: new Secret(text) }) as const;
  return new Monitor(
    {
      repositories: urls.map((url) => ({
        repo: new Secret(url),
        url,
        disabled: false,
        password: literal(password),
        insecureNoPassword: false,
        environment: Object.fromEntries(
          Object.entries(environment).map(([name, value]) => [name, literal(value)]),
        ),
        options: {},
        connections,
        insecureTls: false,
      })),
      cron: "@daily",
      timezone: "UTC",
      timeoutMs: 600_000,
      concurrency: 8,
      legacyLabel: false,
      retryFailed: false,
      reverifyMs: 3_600_000,
      inventory,
      stateDir,
    },
    { clock: systemClock },
  );
}

/** VmHWM, since `maxRSS` of a new process starts at that of its parent. */
export function peakBytes(): number {
  const status = readFileSync("/proc/self/status", "utf8");
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}
