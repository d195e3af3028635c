import type { Meter } from "@opentelemetry/api";
import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { AgentError, toAgentError } from "restic-otel-instrumentation";

import { StateReader } from "./state-reader.ts";

/** Binds metrics to the instruments of a meter; the function that it returns unbinds them. */
export type Bind = (meter: Meter) => () => void;

/** A provider with one reader, and what that reads as text of the Prometheus exposition format 0.0.4. */
export class ExpositionPart {
  readonly #reader = new StateReader();
  readonly #provider = new MeterProvider({ readers: [this.#reader] });
  readonly #serializer = new PrometheusSerializer("", false, undefined, true, true);
  readonly #unbind: () => void;

  constructor(bind: Bind) {
    this.#unbind = bind(this.#provider.getMeter("restic-otel"));
  }

  /**
   * The metrics as they are now, each line with its end; nothing if there is no series.
   * @throws AgentError `other` if a callback failed: the SDK leaves its series out, which looks as if they had ended
   */
  async render(): Promise<string> {
    const { resourceMetrics, errors } = await this.#reader.collect();
    if (errors.length > 0) {
      const { message } = toAgentError(errors[0]);
      throw new AgentError("other", `metrics could not be collected: ${message}`, {
        cause: errors,
      });
    }
    // Without a series the serializer writes a comment that is no whole line.
    if (resourceMetrics.scopeMetrics.length === 0) return "";
    return this.#serializer.serialize(resourceMetrics);
  }

  async shutdown(): Promise<void> {
    this.#unbind();
    await this.#provider.shutdown();
  }
}

/** Renders once, with a provider of its own. */
export async function renderOnce(bind: Bind): Promise<string> {
  const part = new ExpositionPart(bind);
  try {
    return await part.render();
  } finally {
    await part.shutdown();
  }
}
