import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";

import { AgentError } from "restic-otel-instrumentation/agent";
import type { BoundTable, Clock } from "restic-otel-instrumentation/agent";

import { ExpositionPart, renderOnce } from "./exposition-part.ts";
import type { Bind } from "./exposition-part.ts";
import { metricTexts } from "./exposition-text.ts";

/** Metrics that stay the same for some time. */
export interface Signals {
  readonly bind: Bind;
  /** The same as tables, if no metric has two points with the same labels: they are rendered without the SDK. */
  tables?(): readonly BoundTable[] | undefined;
  /** Another number whenever the values may have changed. */
  version(): number;
  /** Until when the values at `now` stay the same for this version, both milliseconds since the epoch. */
  validUntil(now: number): number;
}

/** What a scrape is answered with: bytes one after the other, most of which other scrapes are answered with too. */
export interface Exposition {
  plain(): readonly Buffer[];
  gzip(): Promise<readonly Buffer[]>;
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
  #parts: readonly Part[] = [];
  #shutDown = false;

  constructor(options: PrometheusEndpointOptions) {
    this.#options = options;
    this.#agent = new ExpositionPart(options.agent);
  }

  /** @throws AgentError `other` if metrics could not be collected, or after shutdown: there is no exposition in part */
  async render(): Promise<Exposition> {
    if (this.#shutDown) throw new AgentError("other", "the agent is shutting down");
    const [products, agent] = await Promise.all([this.#renderProducts(), this.#agent.render()]);
    return exposition([products, new Body([new Part(agent)])]);
  }

  async shutdown(): Promise<void> {
    if (this.#shutDown) return;
    this.#shutDown = true;
    this.#products = undefined;
    this.#parts = [];
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

    const body = this.#texts(now).then((texts) => new Body(this.#reuse(texts)));
    const rendering = { version, from: now, until: products.validUntil(now), body };
    this.#products = rendering;
    body.catch(() => {
      if (this.#products === rendering) this.#products = undefined;
    });
    return body;
  }

  async #texts(now: number): Promise<readonly string[]> {
    const { products } = this.#options;
    const tables = products.tables?.();
    return tables ? metricTexts(tables, now) : [await renderOnce(products.bind)];
  }

  /** A metric that came out the same is not compressed again. */
  #reuse(texts: readonly string[]): readonly Part[] {
    const before = new Map(this.#parts.map((part) => [part.text, part]));
    this.#parts = texts.map((text) => before.get(text) ?? new Part(text));
    return this.#parts;
  }
}

/** A text, and the gzip member of it once somebody has asked for that. */
class Part {
  readonly text: string;
  #gzip: Promise<Buffer> | undefined;

  constructor(text: string) {
    this.text = text;
  }

  gzip(): Promise<Buffer> {
    this.#gzip ??= compress(Buffer.from(this.text), { level: constants.Z_BEST_SPEED });
    return this.#gzip;
  }
}

/** Parts that many scrapes are answered with: the bytes are made once, by the first that wants them. */
class Body {
  readonly #parts: readonly Part[];
  #plain: Buffer | undefined;
  #gzip: Promise<Buffer> | undefined;

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  plain(): Buffer {
    this.#plain ??= Buffer.from(this.#parts.map(({ text }) => text).join(""));
    return this.#plain;
  }

  /** RFC 1952 section 2.2: a file of several members is the text of all of them. */
  gzip(): Promise<Buffer> {
    this.#gzip ??= Promise.all(this.#parts.map((part) => part.gzip())).then((members) =>
      Buffer.concat(members),
    );
    return this.#gzip;
  }
}

function exposition(bodies: readonly Body[]): Exposition {
  return {
    plain: () => bodies.map((body) => body.plain()),
    gzip: () => Promise.all(bodies.map((body) => body.gzip())),
  };
}
