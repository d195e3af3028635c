import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";

import { AgentError } from "restic-otel-instrumentation/agent";
import type { Clock } from "restic-otel-instrumentation/agent";

import { ExpositionPart, renderOnce } from "./exposition-part.ts";
import type { Bind } from "./exposition-part.ts";

/** Metrics that stay the same for some time. */
export interface Signals {
  readonly bind: Bind;
  /** Another number whenever the values may have changed. */
  version(): number;
  /** Until when the values at `now` stay the same for this version, both milliseconds since the epoch. */
  validUntil(now: number): number;
}

/** What a scrape is answered with. */
export interface Exposition {
  plain(): Buffer;
  gzip(): Promise<Buffer>;
}

export interface PrometheusEndpointOptions {
  readonly products: Signals;
  /** The agent's own metrics, few and cheap: they are rendered at each scrape. */
  readonly agent: Bind;
  readonly clock: Clock;
}

interface Rendering {
  readonly version: number;
  readonly from: number;
  readonly until: number;
  readonly body: Promise<Body>;
}

const compress = promisify(gzip);

/** All metrics as a Prometheus server scrapes them. */
export class PrometheusEndpoint {
  readonly #options: PrometheusEndpointOptions;
  readonly #agent: ExpositionPart;
  #products: Rendering | undefined;
  #shutDown = false;

  constructor(options: PrometheusEndpointOptions) {
    this.#options = options;
    this.#agent = new ExpositionPart(options.agent);
  }

  /** @throws AgentError `other` if metrics could not be collected, or after shutdown: there is no exposition in part */
  async render(): Promise<Exposition> {
    if (this.#shutDown) throw new AgentError("other", "the agent is shutting down");
    const [products, text] = await Promise.all([this.#renderProducts(), this.#agent.render()]);
    const agent = new Body(text);
    return {
      plain: () => Buffer.concat([products.plain, agent.plain]),
      // RFC 1952 section 2.2: a file of several members is the text of all of them.
      gzip: async () => Buffer.concat(await Promise.all([products.gzip(), agent.gzip()])),
    };
  }

  async shutdown(): Promise<void> {
    if (this.#shutDown) return;
    this.#shutDown = true;
    this.#products = undefined;
    await this.#agent.shutdown();
  }

  /**
   * Each rendering has a provider of its own, which goes with it. A provider that stayed would go on with the counters of
   * removed repositories, keep every attribute set that it has ever seen, and repeat old values after the clock was set back.
   */
  #renderProducts(): Promise<Body> {
    const { products, clock } = this.#options;
    const version = products.version();
    const now = clock.now();
    const known = this.#products;
    if (known?.version === version && known.from <= now && now < known.until) return known.body;

    const body = renderOnce(products.bind).then((text) => new Body(text));
    const rendering = { version, from: now, until: products.validUntil(now), body };
    this.#products = rendering;
    body.catch(() => {
      if (this.#products === rendering) this.#products = undefined;
    });
    return body;
  }
}

/** A text, and the gzip member of it once somebody has asked for that. */
class Body {
  readonly plain: Buffer;
  #gzip: Promise<Buffer> | undefined;

  constructor(text: string) {
    this.plain = Buffer.from(text);
  }

  gzip(): Promise<Buffer> {
    this.#gzip ??= compress(this.plain, { level: constants.Z_BEST_SPEED });
    return this.#gzip;
  }
}
