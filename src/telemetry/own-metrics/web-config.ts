import type { MetricSpec } from "restic-otel-instrumentation/internal";

/** What is known of a web config file in use. */
export interface WebConfigState {
  /** Whether the file could be taken over when it was last read. */
  readonly reloadSuccessful: boolean;
}

export const webConfigMetrics: readonly MetricSpec<WebConfigState>[] = [
  {
    name: "restic_otel.web_config_last_reload_successful",
    kind: "gauge",
    description:
      "1 if the web config file could be taken over when it was last read, else 0; absent without such a file.",
    labels: [],
    points: ({ reloadSuccessful }) => [[Number(reloadSuccessful), {}]],
  },
];
