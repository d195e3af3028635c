import type { MetricSpec } from "../core/source.ts";
import { backupSetMetrics } from "./metrics/backup-set.ts";
import { REPOSITORY_METRICS } from "./metrics/repository.ts";
import type { RepositoryEntry } from "./metrics/repository.ts";

export { JOB_METRICS } from "./metrics/job.ts";
export { SECRET_METRICS } from "./metrics/secret.ts";
export type { SecretEntry } from "./metrics/secret.ts";

/** All metrics of a repository and its backup sets, in the order of the exposition. */
export function repositoryMetrics(legacyLabel: boolean): readonly MetricSpec<RepositoryEntry>[] {
  return [...backupSetMetrics(legacyLabel), ...REPOSITORY_METRICS];
}
