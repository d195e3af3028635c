import type { BoundTable, Labels } from "restic-otel-instrumentation/agent";

type Instrument = BoundTable["metrics"][number];

/** A metric as text, parted after the same number of lines each time: a part in which nothing changed comes out the same. */
export interface MetricText<Part> {
  readonly name: string;
  readonly parts: readonly Part[];
}

/** Makes a part of its bytes, which are there during the call only. */
export type Keep<Part> = (metric: string, index: number, bytes: Buffer) => Part;

const LINES_OF_PART = 512;

/**
 * What the SDK and its serializer make of tables whose points all have different labels, as text of each metric that has points:
 * the same bytes (`test/telemetry/exposition-text.test.ts`), without an object a series.
 */
export function metricTexts<Part>(
  tables: readonly BoundTable[],
  now: number,
  keep: Keep<Part>,
): readonly MetricText<Part>[] {
  const texts: MetricText<Part>[] = [];
  for (const table of tables) {
    const lines = new Map(table.metrics.map((metric) => [metric, new Lines(metric, keep)]));
    table.observe(now, (metric, [value, labels]) => {
      if (Number.isFinite(value)) lines.get(metric)?.add(labelText(labels), value);
    });
    for (const metric of lines.values()) if (!metric.isEmpty) texts.push(metric.end());
  }
  return texts;
}

class Lines<Part> {
  readonly #metric: Instrument;
  readonly #name: string;
  readonly #keep: Keep<Part>;
  readonly #parts: Part[] = [];
  #text = "";
  #count = 0;

  constructor(metric: Instrument, keep: Keep<Part>) {
    this.#metric = metric;
    this.#name = prometheusName(metric);
    this.#keep = keep;
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

  end(): MetricText<Part> {
    if (this.#text !== "") this.#part();
    return { name: this.#name, parts: this.#parts };
  }

  #part(): void {
    this.#parts.push(this.#keep(this.#name, this.#parts.length, encoded(this.#text)));
    this.#text = "";
  }
}

/** One for all texts, as large as the largest: most of them are thrown away, and each would be memory of its own outside of the heap. */
let scratch = Buffer.alloc(0);

function encoded(text: string): Buffer {
  // A UTF-16 unit takes up to three bytes.
  if (scratch.length < text.length * 3) scratch = Buffer.allocUnsafeSlow(text.length * 3);
  return scratch.subarray(0, scratch.write(text));
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
