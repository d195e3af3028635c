import type { Job, StoreEntry } from "../../core/source.ts";
import type { MetricSpec } from "../../metrics/spec.ts";

/** The last whole collection, and what the store holds now. */
export interface JobEntry {
  readonly job: Job;
  readonly repositories: readonly StoreEntry<unknown>[];
}

export const JOB_METRICS: readonly MetricSpec<JobEntry>[] = [
  {
    name: "backup.job.last_success_unixtime",
    kind: "gauge",
    description:
      "When the last whole collection finished, Unix seconds. A collection with failed repositories finished too.",
    labels: [],
    points: ({ job }) => [[job.finishedAt / 1000, {}]],
  },
  {
    name: "backup.job.error_count",
    kind: "gauge",
    description: "Repositories that failed in the last collection.",
    labels: [],
    points: ({ repositories }) => [
      [repositories.filter(({ attempt }) => attempt.error).length, {}],
    ],
  },
];
