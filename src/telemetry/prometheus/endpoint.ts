import { constants, createGzip } from "node:zlib";
import type { Gzip } from "node:zlib";

import { boundTable } from "restic-otel-instrumentation/internal";
import type { BoundTable, Clock } from "restic-otel-instrumentation/internal";

import { collectMetrics } from "../collect-metrics.ts";
import type { Producer } from "../collect-metrics.ts";
import { ChunkedTable } from "./chunked-table.ts";
import { FamilyWriter, joinFamilies } from "./families.ts";
import type { Families } from "./families.ts";

export interface PrometheusEndpointOptions {
  /** In the order of the exposition. */
  readonly tables: readonly BoundTable[];
  readonly producer: Producer;
  /** Adds `target_info`, made of the resource. */
  readonly targetInfo: boolean;
  readonly clock: Clock;
}

/** The metrics as one body in the Prometheus text format 0.0.4. */
export class Exposition {
  /** The body in pieces. */
  readonly plain: readonly Buffer[];
  #gzip: Promise<readonly Buffer[]> | undefined;

  constructor(plain: readonly Buffer[]) {
    this.plain = plain;
  }

  /** The whole body as one gzip member, in pieces: many clients read only the first member. */
  gzip(): Promise<readonly Buffer[]> {
    this.#gzip ??= gzipOf(this.plain);
    return this.#gzip;
  }
}

/** zlib gives each write to another thread, which costs more than to compress one of the small pieces. */
const BLOCK_BYTES = 64 * 1024;

async function gzipOf(pieces: readonly Buffer[]): Promise<readonly Buffer[]> {
  const gzip = createGzip({ level: constants.Z_BEST_SPEED, chunkSize: BLOCK_BYTES });
  const [compressed] = await Promise.all([Array.fromAsync<Buffer>(gzip), write(pieces, gzip)]);
  return compressed;
}

/** Writes the pieces in blocks. One block is enough: it is filled again after it was compressed. */
async function write(pieces: readonly Buffer[], gzip: Gzip): Promise<void> {
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  let filled = 0;
  for (const piece of pieces)
    for (let at = 0; at < piece.length;) {
      const copied = piece.copy(block, filled, at);
      at += copied;
      filled += copied;
      if (filled < block.length) continue;
      await new Promise((resolve) => gzip.write(block, resolve));
      filled = 0;
    }
  gzip.end(block.subarray(0, filled));
}

/** Renders all metrics for Prometheus. */
export class PrometheusEndpoint {
  readonly #options: PrometheusEndpointOptions;
  readonly #chunked: readonly ChunkedTable[];
  /** Tables that may repeat labels, and whose values may change at any time. */
  readonly #whole: readonly BoundTable[];
  readonly #writer: FamilyWriter;
  #order: Families | undefined;
  #rendering: Promise<unknown> = Promise.resolve();
  #next: Promise<Exposition> | undefined;

  constructor(options: PrometheusEndpointOptions) {
    const { tables, producer, targetInfo } = options;
    this.#options = options;
    this.#chunked = tables
      .filter(({ isChunkable }) => isChunkable)
      .map((table) => new ChunkedTable(table, producer));
    this.#whole = tables.filter(({ isChunkable }) => !isChunkable);
    this.#writer = new FamilyWriter(targetInfo);
  }

  /**
   * Calls during a rendering share the next one: an exposition is never older than the call.
   * @throws AgentError `other` if metrics could not be collected: an exposition is never incomplete
   */
  render(): Promise<Exposition> {
    if (this.#next) return this.#next;
    const next = this.#rendering.then(() => {
      this.#next = undefined;
      return this.#render();
    });
    this.#next = next;
    this.#rendering = next.catch(() => {});
    return next;
  }

  async #render(): Promise<Exposition> {
    const now = this.#options.clock.now();
    this.#order ??= await this.#write(this.#options.tables.map(withOnePoint), now);
    // All entries are of one moment, whatever changes between two chunks.
    const chunked = this.#chunked.map((table) => [table, table.entries()] as const);
    const parts = [await this.#write(this.#whole, now)];
    for (const [table, entries] of chunked) parts.push(...(await table.render(entries, now)));
    return new Exposition(joinFamilies(parts, this.#order.keys()));
  }

  async #write(tables: readonly BoundTable[], now: number): Promise<Families> {
    const { resourceMetrics } = await collectMetrics(tables, now, this.#options.producer);
    return this.#writer.write(resourceMetrics);
  }
}

/** The same metrics, each with one point: shows the names and the order of all families. */
function withOnePoint({ metrics }: BoundTable): BoundTable {
  const specs = metrics.map((metric) => ({ ...metric, labels: [], points: () => ONE_POINT }));
  return boundTable(specs, () => [0]);
}

const ONE_POINT = [[1, {}]] as const;
