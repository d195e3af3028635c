/** What a metric reader of the SDK (1.x to 3.x) has of what is mended here. */
interface Reader {
  selectAggregationTemporality(type: never): unknown;
  selectCardinalityLimit?(type: never): number;
  collect(options?: never): Promise<unknown>;
}

/** AggregationTemporality of the SDK, the same number in all versions. */
const DELTA = 0;

/**
 * Makes a reader of the SDK show a series exactly as long as it is observed, and all of them. Call it before the first collection,
 * once a reader, with one reader a MeterProvider. Without it, a series that is not observed any more stays for ever with its last
 * value, and beyond 2,000 series of an instrument all others fall into one.
 *
 * Counters stay cumulative, as back ends want them: that of a repository that was removed goes on being shown.
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
    // A collection empties what it collects: those that run at once share one.
    collect: (options?: never): Promise<unknown> => {
      collecting ??= collect(options).finally(() => {
        collecting = undefined;
      });
      return collecting;
    },
  });
  return reader;
}
