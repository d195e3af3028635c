import type { Resource } from "@opentelemetry/resources";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { AgentError, bindMetrics, toAgentError } from "restic-otel-instrumentation/internal";
import type { BoundTable } from "restic-otel-instrumentation/internal";

/** The agent, as the SDK describes what produces metrics. */
export interface Producer {
  readonly resource: Resource;
  /** Version of the instrumentation scope. */
  readonly version: string;
}

export interface Collected {
  readonly resourceMetrics: ResourceMetrics;
  /** False if points of an entry are missing because a metric of its table threw. */
  readonly isComplete: boolean;
}

/** Is collected by its caller, and exports nothing. */
class SingleUseReader extends MetricReader {
  constructor() {
    // Beyond the default limit of 2,000 the SDK merges all series of an instrument into one, `otel.metric.overflow`.
    super({ cardinalitySelector: () => Infinity });
  }

  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/**
 * Observes tables on the instruments of the SDK, and collects them once. Each call has a MeterProvider of its own: one that stayed would
 * keep series that ended, counters of removed repositories, and old values after the clock was set back.
 * @param now milliseconds since the epoch
 * @throws AgentError `other` if a callback failed: the SDK leaves its series out, which looks as if they had ended
 */
export async function collectMetrics(
  tables: readonly BoundTable[],
  now: number,
  { resource, version }: Producer,
): Promise<Collected> {
  const reader = new SingleUseReader();
  const provider = new MeterProvider({ readers: [reader], resource });
  let isComplete = true;
  bindMetrics(
    provider.getMeter("restic-otel", version),
    tables,
    () => now,
    () => {
      isComplete = false;
    },
  );
  const { resourceMetrics, errors } = await reader.collect();
  await provider.shutdown();
  if (errors.length > 0) {
    const { message } = toAgentError(errors[0]);
    throw new AgentError("other", `metrics could not be collected: ${message}`, { cause: errors });
  }
  return { resourceMetrics, isComplete };
}
