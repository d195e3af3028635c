export { backupSetMetrics } from "./backup-set.ts";
export { GROUP_METRICS, HIDDEN_METRICS } from "./group.ts";
export { JOB_METRICS } from "./job.ts";
export { LOCK_METRICS } from "./lock.ts";
export { REPOSITORY_METRICS } from "./repository.ts";
export { SECRET_METRICS } from "./secret.ts";
export type { SecretEntry } from "./secret.ts";
