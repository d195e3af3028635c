import type {
  BoundTable,
  Clock,
  Logger,
  SecretResolver,
} from "restic-otel-instrumentation/internal";

import { endpointName } from "../../settings/otlp.ts";
import type { AgentSettings } from "../../settings/load.ts";
import type { Producer } from "../collect-metrics.ts";
import { collectBatches } from "./collect-batches.ts";
import { OtlpExporter } from "./exporter.ts";
import { OtlpPush } from "./push.ts";

export interface OpenPushOptions {
  /** Resolve the secrets in headers. */
  readonly resolvers: ReadonlyMap<string, SecretResolver>;
  readonly tables: readonly BoundTable[];
  /** Called before the tables are asked for their entries. */
  readonly refresh: () => Promise<void>;
  readonly producer: Producer;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Opens no connection. */
export function openPush(
  { otlp, otlpIntervalMs, otlpTimeoutMs }: AgentSettings,
  { resolvers, tables, refresh, producer, clock, logger }: OpenPushOptions,
): OtlpPush {
  const startMs = clock.now();
  return new OtlpPush({
    targets: otlp.map((endpoint) => {
      const { version } = producer;
      const exporter = new OtlpExporter(endpoint, { resolvers, version, clock });
      void exporter.resolveSecrets();
      const name = endpointName(endpoint.url);
      return { name, push: (metrics, signal) => exporter.push(metrics, signal) };
    }),
    async *collect(size) {
      await refresh();
      yield* collectBatches({ tables, producer, startMs }, clock.now(), size);
    },
    intervalMs: otlpIntervalMs,
    timeoutMs: otlpTimeoutMs,
    clock,
    logger,
  });
}
