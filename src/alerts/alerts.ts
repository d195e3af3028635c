import { AGENT_ALERTS } from "./agent-alerts.ts";
import type { AlertGroup } from "./alert.ts";
import { CHANGE_ALERTS } from "./change-alerts.ts";
import { EXPECTATION_ALERTS } from "./expectation-alerts.ts";
import { INVENTORY_ALERTS } from "./inventory-alerts.ts";
import { LOCK_ALERTS } from "./lock-alerts.ts";
import { REPOSITORY_ALERTS } from "./repository-alerts.ts";
import { RETENTION_ALERTS } from "./retention-alerts.ts";
import { SET_ALERTS } from "./set-alerts.ts";

/** Every alert, by subject. The rules, the documentation and `restic-otel rules` are made of it. */
export const ALERTS: readonly AlertGroup[] = [
  { name: "expectations", title: "Expectations", alerts: EXPECTATION_ALERTS },
  { name: "sets", title: "Backup sets", alerts: SET_ALERTS },
  { name: "repositories", title: "Repositories", alerts: REPOSITORY_ALERTS },
  { name: "changes", title: "Removals and keys", alerts: CHANGE_ALERTS },
  { name: "locks", title: "Locks that stay", alerts: LOCK_ALERTS },
  { name: "retention", title: "Retention", alerts: RETENTION_ALERTS },
  { name: "inventory", title: "Packs and indexes", alerts: INVENTORY_ALERTS },
  { name: "agent", title: "The agent", alerts: AGENT_ALERTS },
];
