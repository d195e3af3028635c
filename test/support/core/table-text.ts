import type { BoundTable } from "../../../instrumentation/metrics/observable-gauges.ts";
import { metricTexts, partsOf } from "../../../src/telemetry/prometheus/exposition-text.ts";

/** The exposition of metric tables, rendered without the SDK. */
export function tableText(tables: readonly BoundTable[], now: number): string {
  return partsOf(metricTexts(tables, now, (bytes) => bytes.toString())).join("");
}
