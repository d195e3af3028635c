import { expect, test } from "vitest";

import { ALERTS } from "../../src/alerts/alerts.ts";
import { requirePeer } from "../support/agent/peers.ts";
import { mutantsOf } from "../support/alerts/mutants.ts";
import { alertOf } from "../support/alerts/promtool-tests.ts";
import { runPromtool } from "../support/alerts/run-promtool.ts";
import { SCENARIOS } from "./scenarios/scenarios.ts";

/** A label of the clause that leaves out a repository which was there for a shorter time: three of them within days, which no scenario has. */
const BEYOND = /^BackupRepositoryReplaced .*: \w+ (?:url|id) is /;

test.skipIf(!requirePeer("promtool"))(
  "each expression with a negated condition, or with a renamed metric or label, makes a scenario fail",
  () => {
    const trials = ALERTS.flatMap(({ name, title, alerts }) =>
      alerts.flatMap((alert) =>
        mutantsOf(alert.expr).flatMap(({ mistake, expr }) =>
          [false, true].map((isHourly) => ({
            mutant: `${alert.name} (${alert.severity}): ${mistake}`,
            group: { name, title, alerts: [{ ...alert, expr }] },
            scenarios: SCENARIOS.filter(
              (one) => alertOf(one) === alert && (one.isHourly ?? false) === isHourly,
            ),
          })),
        ),
      ),
    ).filter(({ scenarios }) => scenarios.length > 0);
    expect(trials.length).toBeGreaterThan(300);
    const results = runPromtool(trials);
    const survivors = trials.flatMap(({ mutant }, index) =>
      results[index] === "" ? [mutant] : [],
    );
    expect(survivors.filter((survivor) => !BEYOND.test(survivor))).toEqual([]);
  },
  // 400 rule files.
  900_000,
);
