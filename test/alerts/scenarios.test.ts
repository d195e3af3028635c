import { expect, test } from "vitest";

import { ALERTS } from "../../src/alerts/alerts.ts";
import { requirePeer } from "../support/agent/peers.ts";
import { alertOf } from "../support/alerts/promtool-tests.ts";
import { runPromtool } from "../support/alerts/run-promtool.ts";
import { SCENARIOS } from "./scenarios/scenarios.ts";

test("each alert has a scenario", () => {
  const tested = new Set(SCENARIOS.map(alertOf));
  expect(ALERTS.flatMap(({ alerts }) => alerts.filter((alert) => !tested.has(alert)))).toEqual([]);
});

test.skipIf(!requirePeer("promtool"))(
  "each alert fires in its scenarios alone, once for two agents, goes on while the agent restarts, and ends",
  () => {
    const trials = ALERTS.flatMap((group) =>
      [false, true].map((isHourly) => ({
        group,
        scenarios: SCENARIOS.filter(
          (one) => group.alerts.includes(alertOf(one)) && (one.isHourly ?? false) === isHourly,
        ),
      })),
    ).filter(({ scenarios }) => scenarios.length > 0);
    expect(runPromtool(trials).join("")).toBe("");
  },
);
