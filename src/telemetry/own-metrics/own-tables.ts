import { boundTable } from "restic-otel-instrumentation/internal";
import type { BoundTable } from "restic-otel-instrumentation/internal";

import { agentMetrics } from "./agent.ts";
import type { AgentState } from "./agent.ts";
import { otlpMetrics } from "./otlp.ts";
import type { EndpointState } from "./otlp.ts";
import { processMetrics, readProcess } from "./process.ts";
import { webConfigMetrics } from "./web-config.ts";
import type { WebConfigState } from "./web-config.ts";

export interface OwnState {
  agent(): AgentState;
  /** Tables of the monitor about itself. */
  readonly monitor: readonly BoundTable[];
  /** The endpoints that metrics are pushed to. */
  endpoints(): readonly EndpointState[];
  /** Undefined without a web config file. */
  webConfig(): WebConfigState | undefined;
}

/** The tables of the agent's own metrics. */
export function ownTables(state: OwnState): readonly BoundTable[] {
  return [
    boundTable(agentMetrics, () => [state.agent()]),
    ...state.monitor,
    boundTable(otlpMetrics, () => state.endpoints()),
    boundTable(webConfigMetrics, () => {
      const webConfig = state.webConfig();
      return webConfig ? [webConfig] : [];
    }),
    boundTable(processMetrics, () => [readProcess()]),
  ];
}
