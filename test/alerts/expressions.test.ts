import { describe, expect, test } from "vitest";

import { ALERTS } from "../../src/alerts/alerts.ts";
import { dashboardExpressions, shownDashboards } from "../support/alerts/dashboard-expressions.ts";
import { expressionProblems } from "../support/alerts/expression-problems.ts";
import { KNOWN_METRICS } from "../support/alerts/known-metrics.ts";

const RULES = ALERTS.flatMap(({ alerts }) => alerts);

describe("the table of alerts", () => {
  test.for(RULES)("$name ($severity) names only metrics and labels that exist", ({ expr }) => {
    expect(expressionProblems(expr, KNOWN_METRICS)).toEqual([]);
  });

  test.for(RULES)("the texts of $name use only labels that its expression leaves", (alert) => {
    const left = alert.expr.startsWith("absent")
      ? []
      : [...alert.expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = ""]) => list.split(", "));
    const used = [
      ...`${alert.summary} ${alert.description} ${alert.hint}`.matchAll(/\$labels\.(\w+)/g),
    ].map(([, label]) => label);
    expect(left).toEqual(expect.arrayContaining(used));
  });

  test("two alerts with one name differ in severity", () => {
    const keys = RULES.map(({ name, severity }) => `${name} ${severity}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("no expression leaves labels of a target: of two agents of a pair one alert comes", () => {
    for (const { expr } of RULES) expect(expr).not.toMatch(/\bby \([^)]*\b(?:instance|otel_scope)/);
  });
});

test.for([
  ["max by (url) (backup_repository_upp) == 0", ["backup_repository_upp"]],
  ["max by (host) (backup_repository_up)", ["backup_repository_up{host}"]],
  ['backup_repository_error{typ="x"}', ["backup_repository_error{typ}"]],
  ["up unless on (host) (backup_repository_up)", ["backup_repository_up{host}"]],
  ["max by (url, job) (backup_repository_up) and on (url) (backup_days_age > 3)", []],
] as const)("%s is checked", ([expr, problems]) => {
  expect(expressionProblems(expr, KNOWN_METRICS)).toEqual(problems);
});

describe("the dashboards", () => {
  test("have panels, and each has one expression or more", () => {
    expect(dashboardExpressions().length).toBeGreaterThan(50);
    for (const { panels } of shownDashboards())
      for (const { type, title, targets = [] } of panels)
        expect([title, targets.length > 0]).toEqual([title, type !== "row"]);
  });

  test("have full lines of panels, and none over another", () => {
    for (const { panels } of shownDashboards()) {
      const columns = new Map<number, number>();
      for (const { title, gridPos } of panels) {
        expect([title, gridPos.x]).toEqual([title, columns.get(gridPos.y) ?? 0]);
        columns.set(gridPos.y, gridPos.x + gridPos.w);
      }
      expect(new Set(columns.values())).toEqual(new Set([24]));
    }
  });

  test.for(dashboardExpressions())(
    "%s names only metrics and labels that exist: %s",
    ([, expr]) => {
      expect(expressionProblems(expr, KNOWN_METRICS)).toEqual([]);
    },
  );
});
