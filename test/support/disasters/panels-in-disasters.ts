import { shownDashboards } from "../alerts/dashboard-expressions.ts";
import { metricsIn } from "../alerts/expression-problems.ts";
import { evaluate } from "./firing.ts";
import { RULE_METRICS, RULES } from "./judge.ts";
import type { Played } from "./judge.ts";

/** One query of a panel. */
interface Query {
  /** Dashboard, panel and legend. */
  readonly panel: string;
  readonly expr: string;
  /** The panel is red from 1 on. */
  readonly isBad: boolean;
}

/** A query, and the first disaster that it shows something of; for a panel that can be red, the first one that makes it red. */
interface Shown {
  readonly panel: string;
  /** undefined: none of them. */
  readonly disaster: string | undefined;
}

/** Where the queries of the dashboards show something. */
export async function panelsIn(disasters: readonly Played[]): Promise<readonly Shown[]> {
  const queries = queriesOfPanels();
  const metrics = new Set([
    ...RULE_METRICS,
    ...queries.flatMap(({ expr }) => metricsIn(expr).map(({ name }) => name)),
  ]);
  const shown = new Map<Query, string>();
  for (const played of disasters) {
    const left = queries.filter((query) => !shown.has(query));
    if (left.length === 0) break;
    const results = await evaluate(
      played,
      left.some(({ expr }) => expr.includes("ALERTS{")) ? RULES : undefined,
      metrics,
      left.flatMap(({ expr }) => looksOf(played).map((look) => ({ expr, look }))),
    );
    if (results.failed) throw new Error(`rules fail: ${[...results.failed].join(", ")}`);
    for (const query of left)
      if (results.results.some(({ expr, samples }) => expr === query.expr && shows(query, samples)))
        shown.set(query, played.disaster.name);
  }
  return queries.map((query) => ({ panel: query.panel, disaster: shown.get(query) }));
}

/** The last look before the repair, and the last one of all. */
function looksOf({ looks, repaired = looks.length }: Played): readonly number[] {
  return [...new Set([repaired - 1, looks.length - 1])];
}

function shows({ isBad }: Query, samples: readonly string[]): boolean {
  return isBad
    ? samples.some((sample) => Number(sample.split(" ").at(-1)) >= 1)
    : samples.length > 0;
}

function queriesOfPanels(): readonly Query[] {
  return shownDashboards().flatMap(({ title, panels }) =>
    panels.flatMap((panel) =>
      (panel.targets ?? []).map(({ expr, legendFormat }) => ({
        panel: `${title}, ${panel.title}, ${legendFormat}`,
        // As Grafana fills in the variables.
        expr: expr
          .replaceAll("$expectation", ".*")
          .replaceAll(/"\$url"/g, '"/repository-1"')
          .replaceAll("$__rate_interval", "4h"),
        isBad: panel.options?.colorMode === "background",
      })),
    ),
  );
}
