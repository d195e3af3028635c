import type {
  Exposition,
  PrometheusEndpoint,
  PrometheusEndpointOptions,
} from "./prometheus-endpoint.ts";

/** What opening a repository takes until there is a key to derive. */
const FIND_KEY_MS = 50;

/** A PrometheusEndpoint that is loaded, with the SDK, when it is needed: two hundred modules that no collection waits for. */
export class LateEndpoint {
  readonly #options: PrometheusEndpointOptions;
  #endpoint: Promise<PrometheusEndpoint> | undefined;

  constructor(options: PrometheusEndpointOptions) {
    this.#options = options;
  }

  /** Loads it while the first key is derived, on another thread; before that, the main thread is needed to find the key. */
  async loadSoon(): Promise<void> {
    await this.#options.clock.sleep(FIND_KEY_MS);
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
