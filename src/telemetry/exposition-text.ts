import type { BoundTable, Labels } from "restic-otel-instrumentation/agent";

type Instrument = BoundTable["metrics"][number];

/**
 * What the SDK and its serializer make of tables whose points all have different labels, as text of each metric that has points:
 * the same bytes (`test/telemetry/exposition-text.test.ts`), without an object a series.
 */
export function metricTexts(tables: readonly BoundTable[], now: number): readonly string[] {
  const texts: string[] = [];
  for (const table of tables) {
    const names = new Map(table.metrics.map((metric) => [metric, prometheusName(metric)]));
    const lines = new Map<Instrument, string>();
    table.observe(now, (metric, [value, labels]) => {
      const name = names.get(metric);
      if (name === undefined || !Number.isFinite(value)) return;
      lines.set(metric, `${lines.get(metric) ?? ""}${name}${labelText(labels)} ${value}\n`);
    });
    for (const [metric, name] of names) {
      const text = lines.get(metric);
      if (text !== undefined) texts.push(headOf(metric, name) + text);
    }
  }
  return texts;
}

function prometheusName({ name, kind }: Instrument): string {
  const plain = name.replaceAll(/[^a-z0-9_]/gi, "_").replaceAll(/_{2,}/g, "_");
  return kind === "counter" && !plain.endsWith("_total") ? `${plain}_total` : plain;
}

function headOf({ kind, unit, description }: Instrument, name: string): string {
  const unitLine = unit ? `# UNIT ${name} ${escaped(unit)}\n` : "";
  return `# HELP ${name} ${escaped(description)}\n${unitLine}# TYPE ${name} ${kind}\n`;
}

/** Labels are the same object as long as their subject is there. */
const known = new WeakMap<Labels, string>();

function labelText(labels: Labels): string {
  const before = known.get(labels);
  if (before !== undefined) return before;
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${escaped(value).replaceAll('"', '\\"')}"`,
  );
  const text = pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
  known.set(labels, text);
  return text;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
