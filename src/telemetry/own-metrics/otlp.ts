import type { MetricSpec } from "restic-otel-instrumentation/internal";

/** The results of the pushes to one endpoint. */
export interface EndpointState {
  /** The URL without credentials. */
  readonly endpoint: string;
  /** Whether the last push was accepted completely; undefined before the end of the first one. */
  up: boolean | undefined;
  /** When a push was last accepted completely, milliseconds since the epoch. */
  lastSuccessAt: number | undefined;
  succeeded: number;
  failed: number;
}

export const otlpMetrics: readonly MetricSpec<EndpointState>[] = [
  {
    name: "restic_otel.otlp_up",
    kind: "gauge",
    description: "1 if the last push was accepted completely, else 0.",
    labels: ["endpoint"],
    points: ({ endpoint, up }) => (up === undefined ? [] : [[Number(up), { endpoint }]]),
  },
  {
    name: "restic_otel.otlp_last_success_timestamp_seconds",
    kind: "gauge",
    unit: "s",
    description: "When a push was last accepted completely, Unix seconds.",
    labels: ["endpoint"],
    points: ({ endpoint, lastSuccessAt }) =>
      lastSuccessAt === undefined ? [] : [[lastSuccessAt / 1000, { endpoint }]],
  },
  {
    name: "restic_otel.otlp_exports",
    kind: "counter",
    description: "Pushes by result: success or failure.",
    labels: ["endpoint", "result"],
    points: ({ endpoint, succeeded, failed }) => [
      [succeeded, { endpoint, result: "success" }],
      [failed, { endpoint, result: "failure" }],
    ],
  },
];
