import type { Meter } from "@opentelemetry/api";
import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import type { Resource } from "@opentelemetry/resources";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { AgentError, toAgentError } from "restic-otel-instrumentation/internal";

import { StateReader } from "./metric-reader.ts";

/** Binds metrics to the instruments of a meter; the function that it returns unbinds them. */
export type Bind = (meter: Meter) => () => void;

const serializer = new PrometheusSerializer("", false, undefined, true, true);

/** A provider with one reader, and what that reads: as it is, or as text of the Prometheus exposition format 0.0.4. */
export class ExpositionPart {
  readonly #reader = new StateReader();
  readonly #provider: MeterProvider;
  readonly #unbind: () => void;

  constructor(bind: Bind, resource?: Resource) {
    this.#provider = new MeterProvider({ readers: [this.#reader], ...(resource && { resource }) });
    this.#unbind = bind(this.#provider.getMeter("restic-otel"));
  }

  /**
   * The metrics as they are now.
   * @throws AgentError `other` if a callback failed: the SDK leaves its series out, which looks as if they had ended
   */
  async collect(): Promise<ResourceMetrics> {
    const { resourceMetrics, errors } = await this.#reader.collect();
    if (errors.length > 0) {
      const { message } = toAgentError(errors[0]);
      throw new AgentError("other", `metrics could not be collected: ${message}`, {
        cause: errors,
      });
    }
    return resourceMetrics;
  }

  /** As text, each line with its end; nothing if there is no series. @throws as `collect` */
  async render(): Promise<string> {
    const metrics = await this.collect();
    // Without a series the serializer writes a comment that is no whole line.
    return metrics.scopeMetrics.length === 0 ? "" : serializer.serialize(metrics);
  }

  async shutdown(): Promise<void> {
    this.#unbind();
    await this.#provider.shutdown();
  }
}

/** Uses a provider that lives for this one collection. */
async function once<T>(
  part: ExpositionPart,
  use: (part: ExpositionPart) => Promise<T>,
): Promise<T> {
  try {
    return await use(part);
  } finally {
    await part.shutdown();
  }
}

/**
 * Renders once, with a provider of its own, which goes with it. One that stayed would go on with the counters of removed
 * repositories, keep every attribute set that it has ever seen, and repeat old values after the clock was set back.
 */
export function renderOnce(bind: Bind): Promise<string> {
  return once(new ExpositionPart(bind), (part) => part.render());
}

/** Collects once, with a provider of its own: nothing of an earlier collection is left in it. */
export function collectOnce(bind: Bind, resource: Resource): Promise<ResourceMetrics> {
  return once(new ExpositionPart(bind, resource), (part) => part.collect());
}
