import type { Clock, Logger } from "restic-otel-instrumentation/agent";

import type { OtlpEndpoint } from "../../settings/otlp.ts";
import { collectOnce } from "../exposition-part.ts";
import type { Bind } from "../exposition-part.ts";
import { agentResource } from "../resource.ts";
import { OtlpExporter } from "./exporter.ts";
import { OtlpPush } from "./push.ts";
import { since } from "./since.ts";

export interface OpenPushOptions {
  readonly endpoints: readonly OtlpEndpoint[];
  readonly intervalMs: number;
  /** All metrics of the agent. */
  readonly bind: Bind;
  readonly version: string;
  /** Tells one installation from another on the same host. */
  readonly installation: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Connects nothing yet. Loaded only when there is an endpoint. */
export function openPush(options: OpenPushOptions): OtlpPush {
  const { endpoints, intervalMs, bind, version, installation, clock, logger } = options;
  const resource = agentResource(version, installation);
  const startMs = clock.now();
  return new OtlpPush({
    targets: endpoints.map((endpoint) => {
      const exporter = new OtlpExporter(endpoint, clock);
      return { name: endpoint.url, push: (metrics) => exporter.push(metrics) };
    }),
    collect: async () => since(await collectOnce(bind, resource), startMs),
    intervalMs,
    clock,
    logger,
  });
}
