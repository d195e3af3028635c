import { AGENT_SCENARIOS } from "./agent-scenarios.ts";
import { CHANGE_SCENARIOS } from "./change-scenarios.ts";
import { EXPECTATION_SCENARIOS } from "./expectation-scenarios.ts";
import {
  INVENTORY_SCENARIOS,
  LOCK_SCENARIOS,
  REPOSITORY_SCENARIOS,
  RETENTION_SCENARIOS,
} from "./repository-scenarios.ts";
import type { Scenario } from "./scenario.ts";
import { SET_SCENARIOS } from "./set-scenarios.ts";

/** At least one for each alert. */
export const SCENARIOS: readonly Scenario[] = [
  ...EXPECTATION_SCENARIOS,
  ...SET_SCENARIOS,
  ...REPOSITORY_SCENARIOS,
  ...CHANGE_SCENARIOS,
  ...LOCK_SCENARIOS,
  ...RETENTION_SCENARIOS,
  ...INVENTORY_SCENARIOS,
  ...AGENT_SCENARIOS,
];
