import { boundTable } from "restic-otel-instrumentation/internal";
import type { BoundTable } from "restic-otel-instrumentation/internal";

import { agentMetrics } from "./agent.ts";
import type { AgentState } from "./agent.ts";
import { otlpMetrics } from "./otlp.ts";
import type { EndpointState } from "./otlp.ts";
import { processMetrics, readProcess } from "./process.ts";

export interface OwnState {
  agent(): AgentState;
  /** Tables of the monitor about itself. */
  readonly monitor: readonly BoundTable[];
  /** The endpoints that metrics are pushed to. */
  endpoints(): readonly EndpointState[];
}

/** The tables of the agent's own metrics. */
export function ownTables(state: OwnState): readonly BoundTable[] {
  return [
    boundTable(agentMetrics, () => [state.agent()]),
    ...state.monitor,
    boundTable(otlpMetrics, () => state.endpoints()),
    boundTable(processMetrics, () => [readProcess()]),
  ];
}
