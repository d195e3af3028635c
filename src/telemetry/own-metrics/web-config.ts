import type { MetricSpec } from "restic-otel-instrumentation/internal";

/** The state of the web config file. */
export interface WebConfigState {
  /** Whether the last reload of the file succeeded. */
  readonly reloadSuccessful: boolean;
}

export const webConfigMetrics: readonly MetricSpec<WebConfigState>[] = [
  {
    name: "restic_otel.web_config_last_reload_successful",
    kind: "gauge",
    description:
      "1 if the last reload of the web config file succeeded, else 0; absent without such a file.",
    labels: [],
    points: ({ reloadSuccessful }) => [[Number(reloadSuccessful), {}]],
  },
];
