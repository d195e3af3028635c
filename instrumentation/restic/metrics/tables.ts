export { backupSetMetrics } from "./backup-set.ts";
export { CHANGE_METRICS, VANISHED_METRICS } from "./changes.ts";
export type { VanishedEntry } from "./changes.ts";
export { GROUP_METRICS, HIDDEN_METRICS } from "./group.ts";
export { JOB_METRICS } from "./job.ts";
export { LOCK_METRICS } from "./lock.ts";
export { REPOSITORY_METRICS } from "./repository.ts";
export { SECRET_METRICS } from "./secret.ts";
export type { SecretEntry } from "./secret.ts";
