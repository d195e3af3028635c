import type { BoundTable, Labels } from "restic-otel-instrumentation/agent";

type Instrument = BoundTable["metrics"][number];

/** A metric as bytes, parted after the same number of lines each time: a part in which nothing changed comes out the same. */
export interface MetricText {
  readonly name: string;
  readonly parts: readonly Buffer[];
}

const LINES_OF_PART = 512;

/**
 * What the SDK and its serializer make of tables whose points all have different labels, as text of each metric that has points:
 * the same bytes (`test/telemetry/exposition-text.test.ts`), without an object a series.
 */
export function metricTexts(tables: readonly BoundTable[], now: number): readonly MetricText[] {
  const texts: MetricText[] = [];
  for (const table of tables) {
    const lines = new Map(table.metrics.map((metric) => [metric, new Lines(metric)]));
    table.observe(now, (metric, [value, labels]) => {
      if (Number.isFinite(value)) lines.get(metric)?.add(labelText(labels), value);
    });
    for (const metric of lines.values()) if (!metric.isEmpty) texts.push(metric.end());
  }
  return texts;
}

class Lines {
  readonly #metric: Instrument;
  readonly #name: string;
  readonly #parts: Buffer[] = [];
  #text = "";
  #count = 0;

  constructor(metric: Instrument) {
    this.#metric = metric;
    this.#name = prometheusName(metric);
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  add(labels: string, value: number): void {
    if (this.#count === 0) this.#text = headOf(this.#metric, this.#name);
    this.#text += `${this.#name}${labels} ${value}\n`;
    this.#count += 1;
    if (this.#count % LINES_OF_PART === 0) this.#part();
  }

  end(): MetricText {
    if (this.#text !== "") this.#part();
    return { name: this.#name, parts: this.#parts };
  }

  #part(): void {
    this.#parts.push(Buffer.from(this.#text));
    this.#text = "";
  }
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
