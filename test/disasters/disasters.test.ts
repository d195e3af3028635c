import { expect, test } from "vitest";

import { AGENT_DISASTERS } from "./agent-disasters.ts";
import { EXPECTATION_DISASTERS } from "./expectation-disasters.ts";
import { INVENTORY_DISASTERS } from "./inventory-disasters.ts";
import { LOCK_DISASTERS, REMOVAL_DISASTERS } from "./removal-disasters.ts";
import { verdictOf } from "../support/disasters/judge.ts";

test.for([
  ...EXPECTATION_DISASTERS,
  ...AGENT_DISASTERS,
  ...REMOVAL_DISASTERS,
  ...LOCK_DISASTERS,
  ...INVENTORY_DISASTERS,
])("$name", async (disaster) => {
  const { after, problems } = await verdictOf(disaster);
  console.log(disaster.name, JSON.stringify(after));
  expect(problems).toEqual([]);
});
