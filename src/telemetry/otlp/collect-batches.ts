import { setImmediate as turn } from "node:timers/promises";

import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { BoundTable } from "restic-otel-instrumentation/internal";

import { CHUNK_ENTRIES, chunkOf } from "../chunks.ts";
import { collectMetrics } from "../collect-metrics.ts";
import type { Producer } from "../collect-metrics.ts";
import { batches, merged, pointsOf } from "./batches.ts";
import { withCounterStart } from "./start-time.ts";

export interface CollectOptions {
  readonly tables: readonly BoundTable[];
  readonly producer: Producer;
  /** When counters began to count, milliseconds since the epoch. */
  readonly startMs: number;
}

/**
 * All metrics as they are at the first call of `next`, in batches of at most `size` points. A batch is collected when it is asked for,
 * chunk by chunk, and other work runs between two chunks.
 * @param now milliseconds since the epoch
 * @throws as `collectMetrics`
 */
export async function* collectBatches(
  { tables, producer, startMs }: CollectOptions,
  now: number,
  size: number,
): AsyncGenerator<ResourceMetrics> {
  const collect = async (some: readonly BoundTable[]): Promise<ResourceMetrics> => {
    const { resourceMetrics } = await collectMetrics(some, now, producer);
    return withCounterStart(resourceMetrics, startMs);
  };
  const chunks = tables.filter(({ isChunkable }) => isChunkable).flatMap(chunksOf);
  let batch = await collect(tables.filter(({ isChunkable }) => !isChunkable));
  for (const chunk of chunks) {
    await turn();
    const next = await collect([chunk]);
    if (pointsOf(batch) + pointsOf(next) <= size) {
      batch = merged(batch, next);
      continue;
    }
    yield* batches(batch, size);
    batch = next;
  }
  yield* batches(batch, size);
}

function chunksOf(table: BoundTable): readonly BoundTable[] {
  const entries = table.entries();
  return Array.from({ length: Math.ceil(entries.list.length / CHUNK_ENTRIES) }, (_, index) =>
    chunkOf(table, entries.slice(index * CHUNK_ENTRIES, (index + 1) * CHUNK_ENTRIES)),
  );
}
