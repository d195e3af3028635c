import { setImmediate as turn } from "node:timers/promises";

import type {
  Exposition,
  PrometheusEndpoint,
  PrometheusEndpointOptions,
} from "./prometheus-endpoint.ts";

/** A PrometheusEndpoint that is loaded, with the SDK, when it is needed: two hundred modules that no collection waits for. */
export class LateEndpoint {
  readonly #options: PrometheusEndpointOptions;
  #endpoint: Promise<PrometheusEndpoint> | undefined;

  constructor(options: PrometheusEndpointOptions) {
    this.#options = options;
  }

  /** Loads it ahead of time, once what is under way in this turn of the event loop is begun. May be called often. */
  async loadSoon(): Promise<void> {
    await turn();
    await this.#load();
  }

  #load(): Promise<PrometheusEndpoint> {
    this.#endpoint ??= import("./prometheus-endpoint.ts").then(
      ({ PrometheusEndpoint: Endpoint }) => new Endpoint(this.#options),
    );
    return this.#endpoint;
  }

  /** @throws as that of the endpoint */
  async render(): Promise<Exposition> {
    return (await this.#load()).render();
  }

  async shutdown(): Promise<void> {
    await (await this.#load()).shutdown();
  }
}
