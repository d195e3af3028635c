import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { expect, test } from "vitest";

import { boundTable } from "../../../instrumentation/metrics/bound-table.ts";
import type { MetricSpec, Point } from "../../../instrumentation/metrics/spec.ts";
import { collectMetrics } from "../../../src/telemetry/collect-metrics.ts";
import { FamilyWriter, joinFamilies } from "../../../src/telemetry/prometheus/families.ts";
import type { Families } from "../../../src/telemetry/prometheus/families.ts";
import { PRODUCER } from "../../support/agent/table-text.ts";

const PRODUCED = { resource: resourceFromAttributes({ "service.name": "x" }), version: "1" };

function spec(
  name: string,
  kind: "gauge" | "counter",
  points: readonly Point[],
  rest: Partial<MetricSpec<null>> = {},
): MetricSpec<null> {
  return { name, kind, description: "d", labels: [], points: () => points, ...rest };
}

async function written(
  specs: readonly MetricSpec<null>[],
  targetInfo = false,
): Promise<{ readonly families: Families; readonly stock: string }> {
  const { resourceMetrics } = await collectMetrics([boundTable(specs, () => [null])], 0, PRODUCED);
  return {
    families: new FamilyWriter(targetInfo).write(resourceMetrics),
    stock: new PrometheusSerializer("", false, undefined, !targetInfo, true).serialize(
      resourceMetrics,
    ),
  };
}

function textOf(parts: readonly Families[], order: Iterable<string> = []): string {
  return Buffer.concat(joinFamilies(parts, order)).toString();
}

test.for<readonly [string, readonly MetricSpec<null>[]]>([
  ["a gauge without labels", [spec("a.b", "gauge", [[1, {}]])]],
  [
    "a metric without points between others",
    [
      spec("a", "gauge", [[1, { x: "1" }]]),
      spec("b", "gauge", []),
      spec("c", "counter", [
        [2, { x: "1" }],
        [3, { x: "2" }],
      ]),
    ],
  ],
  ["a unit", [spec("a.seconds", "gauge", [[1, {}]], { unit: "s" })]],
  [
    "a description that looks like lines of the format",
    [spec("a", "gauge", [[1, {}]], { description: "x\n# HELP b c\n# TYPE b gauge\nb 1" })],
  ],
  [
    "label values that look like lines of the format",
    ["\n# HELP b c\nb 1", "\r# HELP b c\rb 1", "\u2028# HELP b c\u2028b 1", '\\"', "\u{1f600}"].map(
      (url, index) => spec(`a${index}`, "gauge", [[1, { url }]]),
    ),
  ],
])("the families of %s are the text of the stock serializer", async ([, specs]) => {
  const { families, stock } = await written(specs);
  expect([...families.keys()]).toEqual(
    specs
      .filter((one) => [...one.points(null, 0)].length > 0)
      .map(({ name, kind }) => name.replace(".", "_") + (kind === "counter" ? "_total" : "")),
  );
  expect(textOf([families])).toBe(stock);
});

test("without a point there is no family", async () => {
  const { families, stock } = await written([spec("a", "gauge", [])]);
  expect(stock).toBe("# no registered metrics");
  expect([...families]).toEqual([]);
});

test("target_info comes first, and is made of the resource", async () => {
  const { families, stock } = await written([spec("a", "gauge", [[1, {}]])], true);
  expect([...families.keys()]).toEqual(["target_info", "a"]);
  expect(textOf([families])).toBe(stock);
  expect(stock).toContain('target_info{service_name="x"} 1\n');
});

test("joined families have one head, the samples of all parts, and the given order", async () => {
  const part = async (value: number, ...names: readonly string[]): Promise<Families> => {
    const specs = names.map((name) => spec(name, "gauge", [[value, { of: name }]]));
    const { resourceMetrics } = await collectMetrics(
      [boundTable(specs, () => [null])],
      0,
      PRODUCER,
    );
    return new FamilyWriter(false).write(resourceMetrics);
  };
  const parts = [await part(1, "c", "a"), await part(2, "b", "a", "d")];
  const head = (name: string): string => `# HELP ${name} d\n# TYPE ${name} gauge\n`;
  expect(textOf(parts, ["a", "b", "none", "c"])).toBe(
    [
      `${head("a")}a{of="a"} 1\na{of="a"} 2\n`,
      `${head("b")}b{of="b"} 2\n`,
      `${head("c")}c{of="c"} 1\n`,
      `${head("d")}d{of="d"} 2\n`,
    ].join(""),
  );
});
