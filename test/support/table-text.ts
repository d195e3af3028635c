import type { BoundTable } from "../../instrumentation/collect/gauges.ts";
import { metricTexts } from "../../src/telemetry/exposition-text.ts";

/** The exposition of tables, as the agent renders it without the SDK. */
export function tableText(tables: readonly BoundTable[], now: number): string {
  return metricTexts(tables, now, (_metric, _index, bytes) => bytes.toString())
    .flatMap(({ parts }) => parts)
    .join("");
}
