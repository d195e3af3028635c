import type {
  BoundTable,
  Clock,
  Logger,
  SecretResolver,
} from "restic-otel-instrumentation/internal";

import { endpointName } from "../../settings/otlp.ts";
import type { OtlpEndpoint } from "../../settings/otlp.ts";
import { collectBatches } from "./collect-batches.ts";
import { agentProducer } from "../resource.ts";
import { OtlpExporter } from "./exporter.ts";
import { OtlpPush } from "./push.ts";

export interface OpenPushOptions {
  readonly endpoints: readonly OtlpEndpoint[];
  /** Resolve the secrets in headers. */
  readonly resolvers: ReadonlyMap<string, SecretResolver>;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly tables: readonly BoundTable[];
  /** Called before the tables are asked for their entries. */
  readonly refresh: () => Promise<void>;
  readonly version: string;
  /** Distinguishes installations on the same host. */
  readonly installation: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Opens no connection. */
export function openPush(options: OpenPushOptions): OtlpPush {
  const { endpoints, resolvers, intervalMs, timeoutMs, tables, version, installation } = options;
  const { clock, logger, refresh } = options;
  const producer = agentProducer(version, installation);
  const startMs = clock.now();
  return new OtlpPush({
    targets: endpoints.map((endpoint) => {
      const exporter = new OtlpExporter(endpoint, { resolvers, version, clock });
      void exporter.resolveSecrets();
      const name = endpointName(endpoint.url);
      return { name, push: (metrics, signal) => exporter.push(metrics, signal) };
    }),
    async *collect(size) {
      await refresh();
      yield* collectBatches({ tables, producer, startMs }, clock.now(), size);
    },
    intervalMs,
    timeoutMs,
    clock,
    logger,
  });
}
