import type { MetricSpec } from "restic-otel-instrumentation/internal";

/** How the pushes to one endpoint go. */
export interface EndpointState {
  /** Without credentials. */
  readonly endpoint: string;
  /** The last push was accepted whole; undefined before the first one ended. */
  up: boolean | undefined;
  /** Milliseconds since the epoch. */
  lastSuccessAt: number | undefined;
  succeeded: number;
  failed: number;
}

export const otlpMetrics: readonly MetricSpec<EndpointState>[] = [
  {
    name: "restic_otel.otlp_up",
    kind: "gauge",
    description: "1 if the last push was accepted whole, else 0.",
    labels: ["endpoint"],
    points: ({ endpoint, up }) => (up === undefined ? [] : [[Number(up), { endpoint }]]),
  },
  {
    name: "restic_otel.otlp_last_success_timestamp_seconds",
    kind: "gauge",
    unit: "s",
    description: "When a push was last accepted whole, Unix seconds.",
    labels: ["endpoint"],
    points: ({ endpoint, lastSuccessAt }) =>
      lastSuccessAt === undefined ? [] : [[lastSuccessAt / 1000, { endpoint }]],
  },
  {
    name: "restic_otel.otlp_exports",
    kind: "counter",
    description: "Pushes, by how they ended: success or failure.",
    labels: ["endpoint", "result"],
    points: ({ endpoint, succeeded, failed }) => [
      [succeeded, { endpoint, result: "success" }],
      [failed, { endpoint, result: "failure" }],
    ],
  },
];
