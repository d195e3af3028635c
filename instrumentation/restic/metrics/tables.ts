import type { MetricSpec } from "../../metrics/spec.ts";
import { backupSetMetrics } from "./backup-set.ts";
import { REPOSITORY_METRICS } from "./repository.ts";
import type { RepositoryEntry } from "./repository.ts";

export { JOB_METRICS } from "./job.ts";
export { SECRET_METRICS } from "./secret.ts";
export type { SecretEntry } from "./secret.ts";

/** All metrics of a repository and its backup sets, in the order of the exposition. */
export function repositoryMetrics(legacyLabel: boolean): readonly MetricSpec<RepositoryEntry>[] {
  return [...backupSetMetrics(legacyLabel), ...REPOSITORY_METRICS];
}
