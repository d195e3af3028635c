import type { MetricSpec, Point } from "./spec.ts";
import { finitePoints } from "./observable-gauges.ts";
import type { BoundTable } from "./observable-gauges.ts";

/** Seconds and nanoseconds, as the SDK writes times. */
type HrTime = [number, number];

/** What a MetricProducer of the SDK (1.x to 3.x) gives for one metric, described by its structure: the SDK is not ours to import. */
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
 * The points of all tables as metrics of the SDK's data model: what is not there is not in it.
 * @param startMs since when counters count, and `now`: milliseconds since the epoch
 */
export function produceMetrics(
  tables: readonly BoundTable[],
  startMs: number,
  now: number,
): ProducedMetric[] {
  const produced = new Map<string, ProducedMetric>();
  for (const metric of [...producedParts(tables, startMs, now, Infinity)].flat()) {
    const same = produced.get(metric.descriptor.name);
    if (same) for (const point of metric.dataPoints) same.dataPoints.push(point);
    else produced.set(metric.descriptor.name, metric);
  }
  return [...produced.values()];
}

/**
 * The same, at most `size` points at a time, which are made when they are asked for, and yet are as they were at the call, whatever is
 * collected meanwhile. A metric may be in several parts. A name that is in two tables is not joined.
 */
export function producedParts(
  tables: readonly BoundTable[],
  startMs: number,
  now: number,
  size: number,
): Iterable<ProducedMetric[]> {
  return parts(
    tables.flatMap((table) => table.pieces(now)),
    { startTime: hrTime(startMs), endTime: hrTime(now) },
    size,
  );
}

function* parts(
  metrics: ReturnType<BoundTable["pieces"]>,
  times: Pick<ProducedMetric["dataPoints"][number], "startTime" | "endTime">,
  size: number,
): Generator<ProducedMetric[]> {
  let part: ProducedMetric[] = [];
  let points = 0;
  for (const [metric, pieces] of metrics) {
    let produced: ProducedMetric | undefined;
    for (const piece of pieces) {
      for (const [value, attributes] of finitePoints(piece)) {
        if (!produced) part.push((produced = emptyMetric(metric)));
        produced.dataPoints.push({ ...times, attributes, value });
        points += 1;
        if (points < size) continue;
        yield part;
        part = [];
        points = 0;
        produced = undefined;
      }
    }
  }
  if (points > 0) yield part;
}

function emptyMetric({
  name,
  kind,
  unit = "",
  description,
}: {
  readonly name: string;
  readonly kind: MetricSpec<never>["kind"];
  readonly unit?: string;
  readonly description: string;
}): ProducedMetric {
  const isCounter = kind === "counter";
  const type = isCounter ? "OBSERVABLE_COUNTER" : "OBSERVABLE_GAUGE";
  return {
    descriptor: { name, description, unit, type, valueType: 1 },
    aggregationTemporality: 1,
    dataPointType: isCounter ? 3 : 2,
    ...(isCounter && { isMonotonic: true }),
    dataPoints: [] satisfies Point[],
  };
}

function hrTime(ms: number): HrTime {
  return [Math.floor(ms / 1000), Math.floor(ms % 1000) * 1e6];
}
