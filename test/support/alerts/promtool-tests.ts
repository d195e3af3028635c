import { ALERTS } from "../../../src/alerts/alerts.ts";
import type { Alert } from "../../../src/alerts/alert.ts";
import { BASE } from "../../alerts/scenarios/agent-scenarios.ts";
import type { Scenario, Series } from "../../alerts/scenarios/scenario.ts";

/** Steps: all is well, the agent restarts, all is well again. */
const [WELL, RESTART, AGAIN] = [20, 10, 80];

type Value = Series[string];
type One = Exclude<Value, readonly unknown[]> | undefined;
/** Steps, and what they are like. */
type Phase = readonly [steps: number, good: boolean, away?: boolean];

/**
 * One file of `promtool test rules` with a test for each scenario, under two agents.
 * @param scenarios with the same step
 */
export function promtoolFile(ruleFile: string, scenarios: readonly Scenario[]): object {
  return {
    rule_files: [ruleFile],
    evaluation_interval: scenarios.some(({ isHourly }) => isHourly) ? "1h" : "1m",
    tests: scenarios.map(testOf),
  };
}

/** The alert of a scenario. @throws Error if the table has none */
export function alertOf({ alert, severity = "warning" }: Scenario): Alert {
  const found = ALERTS.flatMap(({ alerts }) => alerts).find(
    (one) => one.name === alert && one.severity === severity,
  );
  if (!found) throw new Error(`the table has no alert ${alert} with severity ${severity}`);
  return found;
}

function testOf(scenario: Scenario): object {
  const { alert, severity = "warning", name, labels, after = 0, also = [], isHourly } = scenario;
  const survives = alertOf(scenario).outlivesAgent !== true && !isHourly;
  const unit = isHourly ? "h" : "m";
  const phases: readonly Phase[] = [
    [WELL, true],
    [after + 10, false],
    ...(survives ? [[RESTART, false, true] as const, [20, false] as const] : []),
    [AGAIN, true],
  ];
  const bad = WELL + after;
  const restart = WELL + after + 10;
  const end = phases.reduce((sum, [minutes]) => sum + minutes, 0) - 1;
  const fires = (step: number): object => ({
    expr: `ALERTS{alertname="${alert}",severity="${severity}",alertstate="firing"}`,
    eval_time: `${step}${unit}`,
    exp_samples: [
      {
        labels: `ALERTS{alertname="${alert}",alertstate="firing",severity="${severity}"${labels === "" ? "" : `,${labels}`}}`,
        value: 1,
      },
    ],
  });
  const silent = (step: number): object => ({
    expr: `ALERTS{alertname="${alert}",severity="${severity}",alertstate="firing"}`,
    eval_time: `${step}${unit}`,
    exp_samples: [],
  });
  const tells = scenario.isSilent ? silent : fires;
  const nothingElse = {
    expr: `count by (alertname) (ALERTS{alertstate="firing",alertname!~"${[alert, ...also].join("|")}"})`,
    exp_samples: [],
  };
  return {
    name: `${alert}: ${name}`,
    interval: `1${unit}`,
    input_series: inputSeries({ ...BASE, ...scenario.series }, phases, isHourly ? 3600 : 60),
    promql_expr_test: [
      silent(WELL - 1),
      ...(after > 1 ? [silent(bad - 1)] : []),
      tells(bad + 2),
      ...(survives ? [tells(restart + RESTART - 1), tells(restart + RESTART + 15)] : []),
      silent(end),
      ...[WELL - 1, bad + 2, end].map((step) =>
        Object.assign({ eval_time: `${step}${unit}` }, nothingElse),
      ),
    ],
  };
}

function inputSeries(
  series: Series,
  phases: readonly Phase[],
  stepSeconds: number,
): readonly object[] {
  return Object.entries(series).flatMap(([key, value]) => {
    const [good, bad] = isPair(value) ? value : [value, value];
    const targets = key.includes("instance=")
      ? [key.replace(/\{(?!.*\bjob=)/, '{job="restic-otel",')]
      : ["a", "b"].map((instance) => withTarget(key, instance));
    // up does not end with the agent.
    const isAway = (away = false): boolean => away && !key.startsWith("up");
    const values = notation(
      phases.map(([steps, isGood, away]) => [
        steps,
        isAway(away) ? undefined : isGood ? good : bad,
      ]),
      stepSeconds,
    );
    return targets.map((target) => ({ series: target, values }));
  });
}

function isPair(value: Value): value is Exclude<Value, number | { readonly ago: number }> {
  return Array.isArray(value);
}

function withTarget(key: string, instance: string): string {
  const target = `job="restic-otel",instance="${instance}"`;
  return key.includes("{") ? key.replace("{", `{${target},`) : `${key}{${target}}`;
}

/** The values in promtool's notation: one a step. A series that ends is stale at once, as after a scrape without it. */
function notation(
  parts: readonly (readonly [steps: number, value: One])[],
  stepSeconds: number,
): string {
  let step = 0;
  let before: One;
  const words = parts.flatMap(([steps, value]) => {
    const start = step;
    const wasThere = before !== undefined;
    step += steps;
    before = value;
    if (value === undefined) return wasThere ? ["stale", `_x${steps - 1}`] : [`_x${steps}`];
    if (typeof value === "number") return [`${value}x${steps - 1}`];
    return [`${start * stepSeconds - value.ago}+${stepSeconds}x${steps - 1}`];
  });
  return words.join(" ");
}
