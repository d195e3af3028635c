import type { MetricSpec } from "restic-otel-instrumentation/internal";

import type { Shard } from "../../settings/shard.ts";

/** The state of the agent itself. */
export interface AgentState {
  readonly version: string;
  /** The commit of the build, or `unknown`. */
  readonly revision: string;
  /** `process.version`. */
  readonly nodeVersion: string;
  readonly reload: ReloadState;
  /** Whether the last reload of the web config file succeeded; undefined: there is no such file. */
  readonly webConfigReloaded: boolean | undefined;
  /** The number of repositories that this agent collects. */
  readonly repositories: number;
  readonly shard: Shard | undefined;
}

/** The last reload of the settings. The start counts as one. */
export interface ReloadState {
  readonly successful: boolean;
  /** When settings were last applied, milliseconds since the epoch. */
  readonly lastSuccessAt: number;
}

export const agentMetrics: readonly MetricSpec<AgentState>[] = [
  {
    name: "restic_otel.build_info",
    kind: "gauge",
    description: "1, with the version of the agent.",
    labels: ["version", "revision", "node_version"],
    points: ({ version, revision, nodeVersion }) => [
      [1, { version, revision, node_version: nodeVersion }],
    ],
  },
  {
    name: "restic_otel.config_last_reload_successful",
    kind: "gauge",
    description: "1 if the last reload of the settings succeeded, else 0.",
    labels: [],
    points: ({ reload }) => [[Number(reload.successful), {}]],
  },
  {
    name: "restic_otel.config_last_reload_success_timestamp_seconds",
    kind: "gauge",
    unit: "s",
    description: "When settings were last applied, Unix seconds.",
    labels: [],
    points: ({ reload }) => [[reload.lastSuccessAt / 1000, {}]],
  },
  {
    name: "restic_otel.web_config_last_reload_successful",
    kind: "gauge",
    description:
      "1 if the last reload of the web config file succeeded, else 0; absent without such a file.",
    labels: [],
    points: ({ webConfigReloaded: done }) => (done === undefined ? [] : [[Number(done), {}]]),
  },
  {
    name: "restic_otel.repositories",
    kind: "gauge",
    description: "Repositories that this agent collects: configured, enabled, and of its shard.",
    labels: [],
    points: ({ repositories }) => [[repositories, {}]],
  },
  {
    name: "restic_otel.shard_info",
    kind: "gauge",
    description:
      "1, with the part of the repositories that is collected here, from 0; only with the setting shard.",
    labels: ["index", "total"],
    points: ({ shard }) =>
      shard ? [[1, { index: String(shard.index), total: String(shard.total) }]] : [],
  },
];
