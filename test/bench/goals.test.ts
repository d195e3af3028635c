import { expect, test } from "vitest";

import { atMost, exactly, goalsTable, within } from "./goals.ts";
import { figure, ratio, show, table } from "./measure.ts";

test("a limit applies to the median, an exact count to every run", () => {
  const limit = { limit: 1, unit: " ×" };
  const goals = [
    atMost("scrape", "wall", figure([0.5, 1.5, 1]), limit),
    atMost("scrape", "wall", figure([0.5, 1.5, 1.01]), limit),
    atMost("scrape", "wall", figure([]), limit),
    exactly("collection", "requests, writes", [1, 0], [[1, 0]]),
    exactly(
      "collection",
      "requests, writes",
      [1, 0],
      [
        [1, 0],
        [1, 1],
        [1, 0],
      ],
    ),
    exactly("collection", "requests, writes", [1, 0], []),
    within("memory", "growth", -5, 5),
    within("memory", "growth", 5.1, 5),
  ];
  expect(goalsTable(goals)).toBe(`| work | measure | goal | reached |
| --- | --- | --- | --- |
| scrape | wall | ≤ 1 × | 1.00 × (0.50–1.50) ✓ |
| scrape | wall | ≤ 1 × | 1.01 × (0.50–1.50) **missed** |
| scrape | wall | ≤ 1 × | not measured |
| collection | requests, writes | 1, 0 | 1, 0 ✓ |
| collection | requests, writes | 1, 0 | 1, 1 **missed** |
| collection | requests, writes | 1, 0 | not measured |
| memory | growth | ± 5 % | −5.0 % ✓ |
| memory | growth | ± 5 % | +5.1 % **missed** |
`);
});

test("a ratio is calculated for each run, so that a slow machine does not change it", () => {
  expect(ratio([1, 2, 9], [2, 4, 18])).toEqual({ median: 0.5, min: 0.5, max: 0.5 });
  expect(ratio([1], [])).toEqual({ median: NaN, min: NaN, max: NaN });
});

test("columns of numbers are aligned right", () => {
  const rows = [[1000, "ours", show(figure([1, 2, 3]), 1), "cannot"]];
  expect(table(["sets", "", "ms", "gzip, ms"], rows)).toBe(`| sets |  | ms | gzip, ms |
| --: | --- | --: | --: |
| 1000 | ours | 2.0 (1.0–3.0) | cannot |
`);
});
