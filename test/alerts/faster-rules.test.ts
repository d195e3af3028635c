import { expect, test } from "vitest";
import { parse } from "yaml";

import { ALERTS } from "../../src/alerts/alerts.ts";
import { rulesText } from "../../src/alerts/rules-text.ts";
import { fasterExpression, fasterRules } from "../support/alerts/faster-rules.ts";

const FACTOR = 3600;

const EXPRESSIONS: readonly (readonly [expr: string, faster: string])[] = [
  ["max_over_time(a[14d:1h])", "max_over_time(a[336000ms:1000ms])"],
  ["changes(a[1h]) > 3", "changes(a[1000ms]) > 3"],
  ["a offset 8d", "a offset 192000ms"],
  ["time() - a < 3 * 86400", "time() - a < 3 * 24"],
  ["a > 36 * 3600", "a > 36 * 1"],
  ["a > time() - 7 * 86400", "a > time() - 7 * 24"],
  ["a > time() + 3600", "a > time() + 3600"],
  ["a - time() > 300", "a - time() > 300"],
  ["a < 0.5 * b", "a < 0.5 * b"],
  ['a{b="x1h"} == 0', 'a{b="x1h"} == 0'],
];

test.for(EXPRESSIONS)("the times of %s are divided: %s", ([expr, faster]) => {
  expect(fasterExpression(expr, FACTOR)).toBe(faster);
});

test("in the shipped rules only ratios, counts, numbers of days and hours, and differences of clocks stay as they are", () => {
  const numbers = (text: string): readonly string[] =>
    [...text.matchAll(/(?<![\w.])\d[\w.]*/g)].map(([number]) => number);
  const stay = ALERTS.flatMap(({ alerts }) => alerts).flatMap(({ expr }) => {
    const faster = numbers(fasterExpression(expr, FACTOR));
    return numbers(expr).filter((number, at) => number === faster[at]);
  });
  expect(new Set(stay)).toEqual(
    new Set(["0", "0.5", "1", "2", "3", "5", "7", "8", "36", "300", "3600"]),
  );
});

test("the times before and after an alert fires are divided", () => {
  const text = rulesText(ALERTS, { format: "prometheus" });
  const times = (rules: string): ReadonlySet<unknown> => {
    const { groups }: { readonly groups: readonly { readonly rules: readonly object[] }[] } =
      parse(rules);
    const all = groups.flatMap((group) => group.rules).flatMap((rule) => Object.entries(rule));
    return new Set(all.flatMap(([key, value]) => (key.endsWith("for") ? [value] : [])));
  };
  expect(times(text)).toEqual(new Set(["15m", "6h", "1h", "10m", "30m", "5m"]));
  expect(times(fasterRules(text, FACTOR))).toEqual(
    new Set(["250ms", "6000ms", "1000ms", "167ms", "500ms", "83ms"]),
  );
});
