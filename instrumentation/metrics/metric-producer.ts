import type { BoundTable, Instrument } from "./bound-table.ts";

/** Seconds and nanoseconds, as the SDK writes times. */
type HrTime = [number, number];

/** One metric of a MetricProducer of the SDK (1.x to 3.x), described by its structure: this package does not import the SDK. */
export interface ProducedMetric {
  readonly descriptor: {
    readonly name: string;
    readonly description: string;
    readonly unit: string;
    readonly type: "OBSERVABLE_GAUGE" | "OBSERVABLE_COUNTER";
    /** ValueType.DOUBLE. */
    readonly valueType: 1;
  };
  /** AggregationTemporality.CUMULATIVE. */
  readonly aggregationTemporality: 1;
  /** DataPointType.GAUGE or SUM. */
  readonly dataPointType: 2 | 3;
  readonly isMonotonic?: true;
  readonly dataPoints: {
    readonly startTime: HrTime;
    readonly endTime: HrTime;
    readonly attributes: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

/**
 * The points of all tables as metrics of the SDK's data model; a metric without points is left out.
 * @param startMs when counters began to count
 * @param now like `startMs` in milliseconds since the epoch
 */
export function produceMetrics(
  tables: readonly BoundTable[],
  startMs: number,
  now: number,
): ProducedMetric[] {
  const times = { startTime: hrTime(startMs), endTime: hrTime(now) };
  const produced = new Map<string, ProducedMetric>();
  for (const table of tables)
    table.entries().observe(now, (metric, [value, attributes]) => {
      const same = produced.get(metric.name) ?? emptyMetric(metric);
      produced.set(metric.name, same);
      same.dataPoints.push({ ...times, attributes, value });
    });
  return [...produced.values()];
}

function emptyMetric({ name, kind, unit, description }: Instrument): ProducedMetric {
  const isCounter = kind === "counter";
  const type = isCounter ? "OBSERVABLE_COUNTER" : "OBSERVABLE_GAUGE";
  return {
    descriptor: { name, description, unit: unit ?? "", type, valueType: 1 },
    aggregationTemporality: 1,
    dataPointType: isCounter ? 3 : 2,
    ...(isCounter && { isMonotonic: true }),
    dataPoints: [],
  };
}

function hrTime(ms: number): HrTime {
  return [Math.floor(ms / 1000), Math.floor(ms % 1000) * 1e6];
}
