import type { Labels } from "../../core/source.ts";
import type { MetricSpec } from "../../metrics/spec.ts";

/** The secrets that a repository is opened with. */
export interface SecretEntry {
  readonly subject: Labels;
  /** Milliseconds since the epoch; of several the oldest. Undefined until all were resolved. */
  readonly resolvedAt: number | undefined;
}

export const SECRET_METRICS: readonly MetricSpec<SecretEntry>[] = [
  {
    name: "backup.repository.secret_resolved_timestamp_seconds",
    kind: "gauge",
    unit: "s",
    description:
      "When the secrets in use of this repository were last resolved, Unix seconds; of several the one that was longest ago.",
    labels: ["url"],
    points: ({ subject, resolvedAt }) =>
      resolvedAt === undefined ? [] : [[resolvedAt / 1000, subject]],
  },
];
