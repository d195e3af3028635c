import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";

import { AgentError } from "restic-otel-instrumentation/internal";
import type { BoundTable, Clock } from "restic-otel-instrumentation/internal";

import type { Bind } from "../collect-metrics.ts";
import { metricTexts, partsOf } from "./exposition-text.ts";
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
  readonly agent: () => readonly BoundTable[];
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
  #products: Rendering | undefined;
  /** Of the last rendering, by name. */
  #texts: ReadonlyMap<string, MetricText<Part>> = new Map();
  #shutDown = false;

  constructor(options: PrometheusEndpointOptions) {
    this.#options = options;
  }

  /** @throws AgentError `other` if metrics could not be collected, or after shutdown: there is no exposition in part */
  async render(): Promise<Exposition> {
    if (this.#shutDown) throw new AgentError("other", "the agent is shutting down");
    const products = await this.#renderProducts();
    return exposition([...products, this.#renderAgent()]);
  }

  shutdown(): void {
    this.#shutDown = true;
    this.#products = undefined;
    this.#texts = new Map();
  }

  #renderAgent(): Part {
    const { agent, clock } = this.#options;
    return new Part(
      Buffer.concat(partsOf(metricTexts(agent(), clock.now(), (bytes) => Buffer.from(bytes)))),
    );
  }

  #renderProducts(): Promise<readonly Part[]> {
    const { products, clock } = this.#options;
    const version = products.version();
    const now = clock.now();
    const known = this.#products;
    if (known?.version === version && known.from <= now && now < known.until) return known.parts;

    const parts = this.#newParts(now);
    const rendering = { version, from: now, until: products.validUntil(now), parts };
    this.#products = rendering;
    parts.catch(() => {
      if (this.#products === rendering) this.#products = undefined;
    });
    return parts;
  }

  async #newParts(now: number): Promise<readonly Part[]> {
    const { products } = this.#options;
    const tables = products.tables?.();
    if (!tables) {
      // Two hundred modules, for metrics of others alone.
      const { renderOnce } = await import("../collect-metrics.ts");
      return [new Part(Buffer.from(await renderOnce(products.bind)))];
    }
    const texts = metricTexts(tables, now, partOf, this.#texts);
    this.#texts = new Map(texts.map((text) => [text.name, text]));
    return partsOf(texts);
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
    this.#gzip ??= compress(this.bytes, { level: constants.Z_BEST_SPEED }).then(copy);
    return this.#gzip;
  }
}

/** What came out the same is not kept twice, and not compressed again. */
function partOf(bytes: Buffer, before: Part | undefined): Part {
  return before?.bytes.equals(bytes) === true ? before : new Part(Buffer.from(bytes));
}

/** With memory of its own: what zlib gives away holds several times as much. */
function copy(bytes: Buffer): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  own.set(bytes);
  return own;
}

/** RFC 1952 section 2.2: a file of several members is the text of all of them. */
function exposition(parts: readonly Part[]): Exposition {
  return {
    plain: () => parts.map(({ bytes }) => bytes),
    gzip: async () => {
      const members: Buffer[] = [];
      // One by one: each that is begun holds a quarter of a MB until its turn in the thread pool comes.
      for (const part of parts) members.push(await part.gzip());
      return members;
    },
  };
}
