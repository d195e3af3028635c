import type { BoundTable, Clock } from "restic-otel-instrumentation/internal";

import { agentProducer } from "../resource.ts";
import { PrometheusEndpoint } from "./endpoint.ts";

export interface OpenEndpointOptions {
  readonly tables: readonly BoundTable[];
  readonly version: string;
  /** Distinguishes installations on the same host. */
  readonly installation: string;
  readonly targetInfo: boolean;
  readonly clock: Clock;
}

/** Importing this module loads the SDK. */
export function openEndpoint(options: OpenEndpointOptions): PrometheusEndpoint {
  const { tables, version, installation, targetInfo, clock } = options;
  const producer = agentProducer(version, installation);
  return new PrometheusEndpoint({ tables, producer, targetInfo, clock });
}
