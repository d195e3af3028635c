import { describe, expect, test } from "vitest";

import { bindMetrics, boundTable } from "../../../instrumentation/metrics/observable-gauges.ts";
import type { MetricSpec, Point } from "../../../instrumentation/metrics/spec.ts";
import { renderOnce } from "../../../src/telemetry/collect-metrics.ts";
import { tableText } from "../../support/core/table-text.ts";

function spec(
  name: string,
  kind: "gauge" | "counter",
  points: readonly Point[],
  rest: Partial<MetricSpec<null>> = {},
): MetricSpec<null> {
  return { name, kind, description: "What it says.", labels: [], points: () => points, ...rest };
}

/** Both ways to the text of tables, one table a list. */
async function bothWays(
  ...tables: readonly (readonly MetricSpec<null>[])[]
): Promise<readonly [fast: string, sdk: string]> {
  const bound = tables.map((metrics) => boundTable(metrics, () => [null]));
  const sdk = await renderOnce((meter) => bindMetrics(meter, bound, () => 7));
  return [tableText(bound, 7), sdk];
}

describe("the SDK's text, byte for byte", () => {
  test.for<readonly [string, readonly (readonly MetricSpec<null>[])[]]>([
    ["no table", []],
    ["no point at all", [[spec("a.b", "gauge", [])]]],
    ["no labels", [[spec("a.b", "gauge", [[1, {}]])]]],
    [
      "a metric without points between others",
      [
        [
          spec("a", "gauge", [[1, { x: "1" }]]),
          spec("b", "gauge", []),
          spec("c", "counter", [[2, { x: "1" }]]),
        ],
      ],
    ],
    [
      "several tables",
      [
        [spec("z.last", "gauge", [[1, {}]])],
        [spec("a.first", "counter", [[1, { b: "1", a: "2" }]])],
      ],
    ],
    [
      "units",
      [
        [
          spec("a.seconds", "gauge", [[1, {}]], { unit: "s" }),
          spec("a.bytes", "counter", [[1, {}]], { unit: "By" }),
        ],
      ],
    ],
    [
      "names",
      [
        [
          spec("a.b.c_total", "counter", [[1, {}]]),
          spec("a..b", "gauge", [[1, {}]]),
          spec("a-b/c", "gauge", [[1, {}]]),
        ],
      ],
    ],
    [
      "values",
      [
        [
          spec(
            "v",
            "gauge",
            [0, -0, 1, -1, 0.1, 1e21, 1e-7, 2 ** 53, 1_717_200_000.123, -62_135_596_800].map(
              (value, index): Point => [value, { index: String(index) }],
            ),
          ),
        ],
      ],
    ],
    [
      "values that are not finite",
      [
        [
          spec("v", "gauge", [
            [Number.NaN, { v: "1" }],
            [Infinity, { v: "2" }],
            [-Infinity, { v: "3" }],
          ]),
          spec("w", "gauge", [
            [Number.NaN, { v: "1" }],
            [1, { v: "4" }],
          ]),
        ],
      ],
    ],
    [
      "label values",
      [
        [
          spec(
            "l",
            "gauge",
            [
              "",
              " ",
              '"',
              "\\",
              "\n",
              '\\"\n\\n',
              "ü\u{1f600}",
              "\u0000\u2028\r\t",
              "{}=,",
              "$& $1",
            ].map((value): Point => [1, { url: value, host: "h" }]),
          ),
        ],
      ],
    ],
    [
      "descriptions",
      [[spec("d", "gauge", [[1, {}]], { description: 'a "quoted" \\ and\nnext line' })]],
    ],
  ])("%s", async ([, tables]) => {
    const [fast, sdk] = await bothWays(...tables);
    expect(fast).toBe(sdk);
  });
});

test("an entry that throws costs its metric alone, on both ways", async () => {
  const bad: MetricSpec<null> = {
    ...spec("b", "gauge", []),
    points: () => {
      throw new Error("bad");
    },
  };
  const [fast, sdk] = await bothWays([spec("a", "gauge", [[1, {}]]), bad]);
  expect(fast).toBe(sdk);
  expect(fast).toMatch(/^a 1$/m);
});
