import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { AggregationTemporality, InstrumentType } from "@opentelemetry/sdk-metrics";
import type { CollectionResult } from "@opentelemetry/sdk-metrics";

/** The stock reader, cured for state that comes and goes. Listens nowhere. One provider has one such reader. */
export class StateReader extends PrometheusExporter {
  #collecting: Promise<CollectionResult> | undefined;

  constructor() {
    super({ preventServerStart: true });
  }

  /** Under CUMULATIVE a series that is no longer observed stays for ever. Counters must stay cumulative. */
  override selectAggregationTemporality(type: InstrumentType): AggregationTemporality {
    return type === InstrumentType.OBSERVABLE_GAUGE
      ? AggregationTemporality.DELTA
      : AggregationTemporality.CUMULATIVE;
  }

  /** Beyond the default limit of 2,000 all series of an instrument fall into one, `otel.metric.overflow`. */
  override selectCardinalityLimit(): number {
    return Infinity;
  }

  /** A DELTA collect empties what is collected: those that run at once share one. */
  override collect(): Promise<CollectionResult> {
    this.#collecting ??= super.collect().finally(() => {
      this.#collecting = undefined;
    });
    return this.#collecting;
  }
}
