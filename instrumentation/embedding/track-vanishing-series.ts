/** The members of a metric reader of the SDK (1.x to 3.x) that are replaced. */
interface Reader {
  selectAggregationTemporality(type: never): unknown;
  selectCardinalityLimit?(type: never): number;
  collect(options?: never): Promise<unknown>;
}

/** AggregationTemporality.DELTA, the same number in all versions of the SDK. */
const DELTA = 0;

/**
 * Makes a reader of the SDK export a series only while it is observed, and every series. Without it the SDK exports series that no longer
 * exist with their last value, and folds more than 2,000 series of a metric into one. Call it before the first collection, with one
 * reader per MeterProvider.
 *
 * Counters stay cumulative, as back ends expect: those of a removed repository are exported until the application restarts.
 * @returns the same reader
 */
export function trackVanishingSeries<R extends Reader>(reader: R): R {
  const selectTemporality = reader.selectAggregationTemporality.bind(reader);
  const collect = reader.collect.bind(reader);
  let collecting: Promise<unknown> | undefined;
  Object.assign(reader, {
    selectAggregationTemporality: (type: never): unknown =>
      type === "OBSERVABLE_GAUGE" ? DELTA : selectTemporality(type),
    selectCardinalityLimit: () => Infinity,
    // With DELTA each collection empties the storage: concurrent ones share one, or the others would find nothing.
    collect: (options?: never): Promise<unknown> => {
      collecting ??= collect(options).finally(() => {
        collecting = undefined;
      });
      return collecting;
    },
  });
  return reader;
}
