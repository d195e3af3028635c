import { join } from "node:path";

import { freeAddress } from "../core/free-port.ts";
import { peerPath } from "../agent/peers.ts";
import { startServer } from "../http/server.ts";
import type { Server } from "../http/server.ts";

const CONFIG = join(import.meta.dirname, "../../../otel-collector.yaml");

/** Addresses of the Collector, `host:port`. */
interface CollectorAddresses {
  readonly otlp: string;
  readonly prometheus: string;
}

export type RunningCollector = Server & CollectorAddresses;

interface CollectorOptions {
  readonly metricExpiration: string;
  readonly remoteWrite: string;
  /** Default: free ports. */
  readonly addresses?: CollectorAddresses;
}

/** Starts the OpenTelemetry Collector with the file for users. */
export async function startCollector({
  metricExpiration,
  remoteWrite,
  addresses,
}: CollectorOptions): Promise<RunningCollector> {
  const otlp = addresses?.otlp ?? (await freeAddress());
  const prometheus = addresses?.prometheus ?? (await freeAddress());
  const health = await freeAddress();
  const server = await startServer({
    command: peerPath("otelcol"),
    args: ["--config", CONFIG],
    announces: /(Everything is ready)/,
    url: () => `http://${otlp}`,
    ready: async () => (await fetch(`http://${health}`)).ok,
    env: {
      OTLP_HTTP_ENDPOINT: otlp,
      OTLP_GRPC_ENDPOINT: await freeAddress(),
      PROMETHEUS_ENDPOINT: prometheus,
      METRIC_EXPIRATION: metricExpiration,
      REMOTE_WRITE_ENDPOINT: remoteWrite,
      HEALTH_ENDPOINT: health,
    },
  });
  return { ...server, otlp, prometheus };
}
