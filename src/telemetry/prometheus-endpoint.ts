import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";

import { AgentError } from "restic-otel-instrumentation/agent";
import type { BoundTable, Clock } from "restic-otel-instrumentation/agent";

import { ExpositionPart, renderOnce } from "./exposition-part.ts";
import type { Bind } from "./exposition-part.ts";
import { metricTexts } from "./exposition-text.ts";
import type { MetricText } from "./exposition-text.ts";

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
  readonly parts: Promise<readonly Part[]>;
}

const compress = promisify(gzip);

/** All metrics as a Prometheus server scrapes them. */
export class PrometheusEndpoint {
  readonly #options: PrometheusEndpointOptions;
  readonly #agent: ExpositionPart;
  #products: Rendering | undefined;
  /** Of the last rendering, by metric. */
  #parts: ReadonlyMap<string, readonly Part[]> = new Map();
  #shutDown = false;

  constructor(options: PrometheusEndpointOptions) {
    this.#options = options;
    this.#agent = new ExpositionPart(options.agent);
  }

  /** @throws AgentError `other` if metrics could not be collected, or after shutdown: there is no exposition in part */
  async render(): Promise<Exposition> {
    if (this.#shutDown) throw new AgentError("other", "the agent is shutting down");
    const [products, agent] = await Promise.all([this.#renderProducts(), this.#agent.render()]);
    return exposition([...products, new Part(Buffer.from(agent))]);
  }

  async shutdown(): Promise<void> {
    if (this.#shutDown) return;
    this.#shutDown = true;
    this.#products = undefined;
    this.#parts = new Map();
    await this.#agent.shutdown();
  }

  /**
   * Each rendering has a provider of its own, which goes with it. A provider that stayed would go on with the counters of
   * removed repositories, keep every attribute set that it has ever seen, and repeat old values after the clock was set back.
   */
  #renderProducts(): Promise<readonly Part[]> {
    const { products, clock } = this.#options;
    const version = products.version();
    const now = clock.now();
    const known = this.#products;
    if (known?.version === version && known.from <= now && now < known.until) return known.parts;

    const parts = this.#texts(now).then((texts) => this.#reuse(texts));
    const rendering = { version, from: now, until: products.validUntil(now), parts };
    this.#products = rendering;
    parts.catch(() => {
      if (this.#products === rendering) this.#products = undefined;
    });
    return parts;
  }

  async #texts(now: number): Promise<readonly MetricText[]> {
    const { products } = this.#options;
    const tables = products.tables?.();
    if (tables) return metricTexts(tables, now);
    return [{ name: "", parts: [Buffer.from(await renderOnce(products.bind))] }];
  }

  /** What came out the same is not kept twice, and not compressed again. */
  #reuse(texts: readonly MetricText[]): readonly Part[] {
    const before = this.#parts;
    const reused = texts.map(({ name, parts }) => {
      const known = before.get(name);
      const same = (bytes: Buffer, index: number): Part | undefined =>
        known?.[index]?.bytes.equals(bytes) === true ? known[index] : undefined;
      return [name, parts.map((bytes, index) => same(bytes, index) ?? new Part(bytes))] as const;
    });
    this.#parts = new Map(reused);
    return reused.flatMap(([, parts]) => parts);
  }
}

/** Some bytes that many scrapes are answered with, and the gzip member of them once somebody has asked for that. */
class Part {
  readonly bytes: Buffer;
  #gzip: Promise<Buffer> | undefined;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  gzip(): Promise<Buffer> {
    this.#gzip ??= compress(this.bytes, { level: constants.Z_BEST_SPEED });
    return this.#gzip;
  }
}

/** RFC 1952 section 2.2: a file of several members is the text of all of them. */
function exposition(parts: readonly Part[]): Exposition {
  return {
    plain: () => parts.map(({ bytes }) => bytes),
    gzip: () => Promise.all(parts.map((part) => part.gzip())),
  };
}
